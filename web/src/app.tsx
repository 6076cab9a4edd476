// The page as a whole: who isn't signed in sees a card, everybody else the place of the address.

import { useEffect } from 'preact/hooks';
import { link } from './api/client';
import { Home } from './servers/home';
import { forget } from './servers/state';
import { Servers } from './servers/servers';
import { ConsolePlace } from './console';
import { follow, place } from './router';
import { Card } from './session/card';
import { FirstPassword } from './session/first_password';
import { session } from './session/session';
import { SignIn } from './session/sign_in';
import { Account } from './settings/account';
import { Shell } from './shell';
import { t } from './strings';

export function App() {
  const who = session.value;
  useEffect(() => {
    if (who) return;
    document.title = t.product;
    // The next may be somebody else, who sees other servers.
    forget();
  }, [who]);
  if (who === undefined) return <Opening />;
  if (who === null) return <SignIn />;
  if (who.must_change_password) return <FirstPassword who={who} />;
  const shown = place.value;
  switch (shown.name) {
    case 'home':
      return <Home who={who} />;
    case 'servers':
      return <Servers who={who} />;
    case 'console':
      return <ConsolePlace key={shown.server} server={shown.server} who={who} />;
    case 'account':
      return <Account who={who} />;
    case 'nowhere':
      return (
        <Shell who={who} title={t.nowhere.title}>
          <div class="empty">
            <p>{t.nowhere.words}</p>
            <a class="button" href="/servers" onClick={follow}>
              {t.nowhere.back}
            </a>
          </div>
        </Shell>
      );
  }
}

/** Before it is known who is there: nothing, unless the BMC can't be reached. */
function Opening() {
  return link.value === 'lost' ? <Card title={t.product} /> : null;
}

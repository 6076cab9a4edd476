// The servers that who is signed in reaches, as Redfish tells of them.

import { read } from './client';

/** How a server's power is; `unknown` where nothing can sense it. */
export type Power = 'on' | 'off' | 'turning-on' | 'turning-off' | 'unknown';

export interface Server {
  id: string;
  /** What it is called by its maker. */
  model: string | null;
  power: Power;
  /** Whether something is wrong with it; null where nothing can say. */
  health: 'OK' | 'Warning' | 'Critical' | null;
}

const SYSTEMS = '/redfish/v1/Systems';

/** A system as Redfish shows it, as far as the page looks at it. */
export interface System {
  Id: string;
  Model?: string | null;
  PowerState?: string | null;
  Status?: { Health?: string | null };
}

/** The ids of all servers, in the BMC's order. */
export async function list(stop?: AbortSignal): Promise<string[]> {
  const found = await read<{ Members: { '@odata.id': string }[] }>(SYSTEMS, stop);
  return found.Members.map((member) => {
    const last = member['@odata.id'].split('/').at(-1) ?? '';
    return decodeURIComponent(last);
  });
}

/** One server. */
export async function show(id: string, stop?: AbortSignal): Promise<Server> {
  return serverOf(await read<System>(`${SYSTEMS}/${encodeURIComponent(id)}`, stop));
}

/** What a system is to the page. */
export function serverOf(system: System): Server {
  const health = system.Status?.Health;
  const known = health === 'OK' || health === 'Warning' || health === 'Critical';
  return {
    id: system.Id,
    model: system.Model ?? null,
    power: powerOf(system.PowerState),
    health: known ? health : null,
  };
}

function powerOf(state: string | null | undefined): Power {
  switch (state) {
    case 'On':
      return 'on';
    case 'Off':
      return 'off';
    case 'PoweringOn':
      return 'turning-on';
    case 'PoweringOff':
      return 'turning-off';
    default:
      return 'unknown';
  }
}

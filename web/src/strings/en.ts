// Every word of the page, in English. A further language is a further file of this shape.

import type { Fault } from '../session/rules';
import type { Strength } from '../session/strength';
import type { Action } from '../api/power';
import type { Power } from '../api/servers';

const seconds = (count: number): string => (count === 1 ? '1 second' : `${count} seconds`);

const power: Record<Power, string> = {
  on: 'On',
  off: 'Off',
  'turning-on': 'Turning on',
  'turning-off': 'Turning off',
  unknown: 'Power unknown',
};

const strength: Record<Strength, string> = {
  weak: 'Weak: easy to guess',
  fair: 'Fair: longer would be better',
  good: 'Good',
  strong: 'Strong',
};

export const en = {
  product: 'Outband',
  title: (what: string, bmc: string) => `${what} · ${bmc}`,

  link: {
    lost: 'The link to the BMC is lost. Trying again …',
    none: 'The BMC can’t be reached.',
  },
  open: 'Accounts are switched off on this BMC: everybody who gets here is an Administrator.',

  signIn: {
    title: 'Sign in',
    user: 'Name',
    password: 'Password',
    show: 'Show',
    hide: 'Hide',
    submit: 'Sign in',
    busy: 'Signing in …',
    ended: 'Your session has ended. Sign in to go on where you were.',
    wrong: 'The name or the password is wrong.',
    wait: (count: number) => `Too many failed attempts. You can try again in ${seconds(count)}.`,
    full: 'Too many sessions are open. End one of them, or wait until one has ended.',
  },

  first: {
    title: 'Choose a password',
    why: (user: string) =>
      `The password that you came in with is for this once. Choose your own for ${user}; nothing else can be done before.`,
    password: 'New password',
    rule: (min: number, max: number) => `${min} to ${max} characters`,
    ipmi: 'This account may use IPMI, whose secret the password becomes: that is why it can’t be longer.',
    submit: 'Set password',
    busy: 'Setting …',
    fault: (fault: Fault): string => {
      switch (fault.what) {
        case 'short':
          return `At least ${fault.min} characters are needed.`;
        case 'long':
          return `At most ${fault.max} bytes fit; a letter with an accent takes more than one.`;
        case 'control':
          return 'A control character can’t be used.';
      }
    },
  },
  strength,

  menu: {
    title: 'Menu',
    servers: 'All servers',
    account: 'Your account',
    signOut: (user: string) => `Sign out ${user}`,
  },

  servers: {
    title: 'Servers',
    filter: 'Filter by name',
    count: (shown: number, all: number) =>
      shown === all ? `${all} servers` : `${shown} of ${all} servers`,
    name: 'Name',
    power: 'Power',
    health: 'Health',
    model: 'Model',
    none: 'There is no server that you may see.',
    noMatch: (text: string) => `No server’s name has “${text}” in it.`,
    looking: 'Looking …',
    failed: 'The servers could not be read.',
  },
  power,
  health: { OK: 'Healthy', Warning: 'Warning', Critical: 'Critical' },

  console: {
    switch: 'Switch to another server',
    power: 'Power',
    chords: 'Key combinations',
    lossless: 'lossless',
    alt: (server: string) => `What is on the screen of ${server}`,
    noServer: (server: string) => `There is no server ${server}, or you may not see it.`,
    none: {
      off: ['The server is off', 'There is nothing on its screen until it is switched on.'],
      'no-signal': ['No signal', 'The server is on, and its graphics output carries nothing.'],
      'out-of-range': ['Out of range', 'The server sends a picture that is too large to be shown.'],
      'no-screen': ['No screen', 'This server has no screen that could be shown.'],
      starting: ['Waiting for a picture …', ''],
      connecting: ['Connecting …', ''],
      lost: ['Link lost', 'Trying again. The picture comes back by itself.'],
    },
  },

  status: {
    latency: (ms: number) => `${Math.round(ms)} ms`,
    rate: (bytes: number) => (bytes < 10_000 ? `${(bytes / 1000).toFixed(1)} kB/s` : `${Math.round(bytes / 1000)} kB/s`),
    lights: 'Lights of the keyboard',
    light: (name: string, on: boolean) => `${name} Lock is ${on ? 'on' : 'off'}`,
    viewOnly: 'view only',
    free: 'click the picture to type',
    caught: 'keyboard caught (release: both Ctrl)',
    heldBy: (name: string) => `${name} has the keyboard.`,
    take: 'Take it',
    others: (count: number) => (count === 1 ? '1 other person here' : `${count} other people here`),
  },

  duration: (seconds: number): string => {
    const minutes = Math.floor(seconds / 60);
    const hours = Math.floor(minutes / 60);
    const days = Math.floor(hours / 24);
    if (days > 0) return `${days} d ${hours % 24} h`;
    if (hours > 0) return `${hours} h ${minutes % 60} min`;
    return minutes > 0 ? `${minutes} min` : `${seconds} s`;
  },

  actions: {
    on: 'Power on',
    off: 'Force off',
    cycle: 'Power cycle',
    reset: 'Reset',
    'soft-off': 'Shut down',
    'soft-cycle': 'Restart',
    nmi: 'Diagnostic interrupt (NMI)',
    'push-button': 'Press the power button',
  } satisfies Record<Action, string>,
  confirm: {
    title: (action: string, server: string) => `${action}: ${server}?`,
    now: (power: string) => `It is now: ${power}.`,
    cancel: 'Cancel',
    does: {
      on: 'The server is switched on.',
      off: 'Power is cut at once. What the operating system had not saved is lost.',
      cycle: 'Power is cut at once and comes back after a pause. What was not saved is lost.',
      reset: 'The server starts anew at once. What was not saved is lost.',
      'soft-off': 'The operating system is asked to shut down.',
      'soft-cycle': 'The operating system is asked to shut down, then the server is switched on again.',
      nmi: 'The operating system gets a diagnostic interrupt; many write a dump and restart.',
      'push-button': 'The power button is pressed briefly; what comes of it is up to the server.',
    } satisfies Record<Action, string>,
  },
  following: {
    pending: (action: string, for_s: number) => `${action}: under way for ${seconds(for_s)} …`,
    done: (action: string, _: string) => `${action}: done`,
    unconfirmed: (action: string, _: string) => `${action}: carried out; its effect can’t be sensed`,
    failed: (action: string, seen: string) => `${action} failed: ${seen}`,
    superseded: (action: string, _: string) => `${action}: another command took its place`,
  },

  account: {
    title: 'Your account',
    name: 'Name',
    role: 'Role',
    none: 'You came in without an account: there is no password to change.',
    password: 'Change password',
    passwordHint: 'All your other sessions end; this one goes on.',
    changed: 'The password is changed.',
  },

  nowhere: {
    title: 'There is nothing here',
    words: 'The page has no place of this address.',
    back: 'To the servers',
  },
  again: 'Try again',
};

export type Strings = typeof en;

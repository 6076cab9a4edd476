// The words of the page, in the language that is chosen. There is English so far.

import { en, type Strings } from './en';

export const t: Strings = en;

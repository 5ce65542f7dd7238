import { HAZARDS } from './cases/index.ts';
import { specify } from './support.ts';

specify(HAZARDS.C);

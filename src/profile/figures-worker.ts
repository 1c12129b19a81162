import { type Answers, type Figures, figuresOf } from './figures.js';

/** Runs in a worker thread: what a person's answers come to. */
export const figures = (answers: Answers): Figures => figuresOf(answers);

/** Runs in a worker thread. */
export { rankAnswers } from './rank-answers.js';

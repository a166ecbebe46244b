// The scale of motion scores: linear up to 5 times the noise, logarithmic above, as in the report (merlab.spotting.score_scale).
const LINEAR_UP_TO = 5;
// Of the height of the picture.
const LEAST_DISTANCE_OF_MARKS = 0.15;

/** How high a score is drawn. */
export function heightOf(score) {
  const share = score / LINEAR_UP_TO;
  return share > 1 ? 1 + Math.log(share) : share;
}

/** The score that is drawn at a height. */
export function scoreAt(height) {
  return LINEAR_UP_TO * (height > 1 ? Math.exp(height - 1) : height);
}

/** Scores from 0 to ``top`` to write beside the picture: 1, 2 or 5 times a power of 10. */
export function roundScores(top) {
  const marks = [0];
  for (let power = -1; power <= Math.floor(Math.log10(top)); power += 1) {
    for (const score of [1, 2, 5].map((digit) => Number((digit * 10 ** power).toPrecision(1)))) {
      const distance = (heightOf(score) - heightOf(marks.at(-1))) / heightOf(top);
      if (score <= top && distance >= LEAST_DISTANCE_OF_MARKS) marks.push(score);
    }
  }
  return marks;
}

/** A score beside the picture: ``0.5``, ``5000``, ``20k``. */
export function scoreText(score) {
  return score >= 10000 ? `${score / 1000}k` : String(score);
}

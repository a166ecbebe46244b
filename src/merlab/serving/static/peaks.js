// Peaks of the score that are not among the movements.
const APART_S = 0.65;

/** The highest score of all faces. */
export function highest(faces) {
  return faces.reduce((most, face) => face.score.reduce((high, value) => Math.max(high, value ?? 0), most), 1);
}

/** The median of the thresholds of the machine; 0 where there is none. */
export function usual(faces) {
  const sorted = faces.flatMap((face) => face.threshold.filter((value) => value !== null)).sort((one, other) => one - other);
  return sorted[sorted.length >> 1] ?? 0;
}

/** The peaks above a threshold outside of all movements, the highest first and none closer than APART_S to a higher one. */
export function furtherPeaks(faces, items, threshold) {
  return faces.flatMap((face) => {
    const known = items.filter((item) => item.face_id === face.face_id);
    const tops = face.score.flatMap((score, index) => {
      const time = face.time_s[index];
      const isTop = score !== null && score >= threshold && score >= (face.score[index - 1] ?? 0) && score > (face.score[index + 1] ?? 0);
      const isKnown = known.some((item) => time >= item.onset_s - APART_S / 2 && time <= item.offset_s + APART_S / 2);
      return isTop && !isKnown ? [{ face_id: face.face_id, time_s: time, score }] : [];
    });
    return tops.sort((one, other) => other.score - one.score).reduce(
      (kept, peak) => (kept.some((each) => Math.abs(each.time_s - peak.time_s) < APART_S) ? kept : [...kept, peak]), [],
    );
  });
}

// Whether a Node is new enough for Posthorn. Plain JavaScript, because an old Node reads it too.

const MAJOR_MIN = 24;

/** The sentence for a Node that is too old; null for one that will do. */
export function oldNodeMessage(version) {
  const major = Number(version.split(".")[0]);
  if (major >= MAJOR_MIN) return null;
  return (
    "Posthorn needs Node " +
    MAJOR_MIN +
    " or newer, and this is Node " +
    version +
    ": install it from https://nodejs.org, or run `npm start` in a clone, which brings its own."
  );
}

export default {
  mode: "production",
  // Named as the package on purpose: a script of its own must not take another's place.
  entry: { precis: "./main.js" },
};

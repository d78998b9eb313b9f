// Before the page is drawn, so that it does not flash in the other theme. src/ui/theme.ts writes the choice.
try {
  const theme = JSON.parse(localStorage.getItem("precis-theme"));
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch {
  // Without storage the theme is the system's.
}

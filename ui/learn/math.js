// Sets MathJax up before it loads: the delimiters that Open edX courses use, our
// own fonts, nothing from the network. "$" is not a delimiter.
(() => {
  "use strict";
  const { fonts, ascii } = document.currentScript.dataset;
  const load = ascii === undefined ? [] : ["input/asciimath"];
  window.MathJax = {
    loader: {
      load,
      paths: { fonts },
    },
    tex: {
      inlineMath: [["\\(", "\\)"], ["[mathjaxinline]", "[/mathjaxinline]"]],
      displayMath: [["\\[", "\\]"], ["[mathjax]", "[/mathjax]"]],
    },
    options: {
      // What learners typed is not set as a formula.
      ignoreHtmlClass: "tex2jax_ignore|mathjax_ignore",
      menuOptions: { settings: { enrich: true } },
    },
    startup: {
      pageReady() {
        return window.MathJax.startup.defaultPageReady().catch((err) => console.warn("formulas", err));
      },
    },
  };
})();

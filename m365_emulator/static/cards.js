// Draws each Adaptive Card with the official renderer; where that fails, the card's text stays in view.
"use strict";

const hostConfig = {
  fontFamily: 'system-ui, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif',
  fontSizes: { small: 14, default: 16, medium: 18, large: 21, extraLarge: 26 },
  lineHeights: { small: 20, default: 24, medium: 26, large: 28, extraLarge: 34 },
  supportsInteractivity: true,
  spacing: { small: 4, default: 8, medium: 16, large: 24, extraLarge: 32, padding: 14 },
  containerStyles: Object.fromEntries(Object.entries({
    default: "#ffffff", emphasis: "#f0f2f6", accent: "#ececf8", good: "#e8f4ea", attention: "#fdecec", warning: "#fff5e0",
  }).map(([style, backgroundColor]) => [style, { backgroundColor, foregroundColors: {
    default: { default: "#17202b", subtle: "#49566a" }, dark: { default: "#17202b", subtle: "#49566a" },
    light: { default: "#49566a", subtle: "#49566a" }, accent: { default: "#444791", subtle: "#444791" },
    good: { default: "#1d5e2f", subtle: "#1d5e2f" }, warning: { default: "#8a4000", subtle: "#8a4000" },
    attention: { default: "#a4161a", subtle: "#a4161a" },
  } }])),
  actions: { maxActions: 6, spacing: "default", buttonSpacing: 8, actionsOrientation: "horizontal", actionAlignment: "left" },
  factSet: { title: { weight: "bolder", wrap: true, maxWidth: 150 }, value: { wrap: true }, spacing: 12 },
};

function draw(source) {
  const card = new AdaptiveCards.AdaptiveCard();
  card.hostConfig = new AdaptiveCards.HostConfig(hostConfig);
  card.onExecuteAction = (action) => {
    if (!(action instanceof AdaptiveCards.OpenUrlAction)) return;
    const address = new URL(action.url, location.href);
    if (address.origin === location.origin) location.assign(address);
    else if (/^https?:$/.test(address.protocol)) window.open(address, "_blank", "noopener,noreferrer");
  };
  card.parse(JSON.parse(source.textContent));
  const drawn = card.render();
  if (!drawn) return;
  const place = source.previousElementSibling;
  place.replaceChildren(drawn);
  place.hidden = false;
  source.nextElementSibling.hidden = true;
}

const markdown = window.markdownit({ html: false, linkify: false });
AdaptiveCards.AdaptiveCard.onProcessMarkdown = (text, result) => {
  result.outputHtml = markdown.render(text);
  result.didProcess = true;
};
for (const source of document.querySelectorAll(".card-json")) {
  try {
    draw(source);
  } catch (fault) {
    console.error("a card could not be drawn", fault);
  }
}

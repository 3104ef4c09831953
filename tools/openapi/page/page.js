/* global SwaggerUIBundle: of the script before this one */

// Its dark colours hang on a class of the root; the page has no switch of its own, it follows the system.
const dark = matchMedia("(prefers-color-scheme: dark)");
const followScheme = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", followScheme);
followScheme();

SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#reference",
  deepLinking: true,
  defaultModelsExpandDepth: 0,
  displayRequestDuration: true,
  tryItOutEnabled: true,
  // A token is forgotten with the page, and nothing is sent to a validator of another host.
  persistAuthorization: false,
  validatorUrl: null,
});

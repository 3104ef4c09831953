/* global SwaggerUIBundle: of the script before this one */

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

PRAGMA foreign_keys=OFF;--> statement-breakpoint
CREATE TABLE `__new_oauth_sources` (
	`pk` text PRIMARY KEY NOT NULL,
	`document` text NOT NULL,
	`search_text` text NOT NULL,
	`name` text GENERATED ALWAYS AS (document ->> '$.name') VIRTUAL NOT NULL,
	`slug` text GENERATED ALWAYS AS (document ->> '$.slug') VIRTUAL NOT NULL,
	`enabled` integer GENERATED ALWAYS AS (CASE json_type(document, '$.enabled') WHEN 'true' THEN 1 WHEN 'false' THEN 0 END) STORED,
	`authentication_flow` text GENERATED ALWAYS AS (CASE json_type(document, '$.authentication_flow') WHEN 'text' THEN document ->> '$.authentication_flow' END) VIRTUAL,
	`enrollment_flow` text GENERATED ALWAYS AS (CASE json_type(document, '$.enrollment_flow') WHEN 'text' THEN document ->> '$.enrollment_flow' END) VIRTUAL,
	`policy_engine_mode` text GENERATED ALWAYS AS (CASE json_type(document, '$.policy_engine_mode') WHEN 'text' THEN document ->> '$.policy_engine_mode' ELSE 'any' END) STORED NOT NULL,
	`user_matching_mode` text GENERATED ALWAYS AS (CASE json_type(document, '$.user_matching_mode') WHEN 'text' THEN document ->> '$.user_matching_mode' ELSE 'identifier' END) STORED NOT NULL,
	`managed` text GENERATED ALWAYS AS (CASE json_type(document, '$.managed') WHEN 'text' THEN document ->> '$.managed' END) VIRTUAL,
	`user_path_template` text GENERATED ALWAYS AS (CASE json_type(document, '$.user_path_template') WHEN 'text' THEN document ->> '$.user_path_template' ELSE 'goauthentik.io/sources/%(slug)s' END) STORED NOT NULL,
	`provider_type` text GENERATED ALWAYS AS (CASE json_type(document, '$.provider_type') WHEN 'text' THEN document ->> '$.provider_type' ELSE '' END) VIRTUAL NOT NULL,
	`request_token_url` text GENERATED ALWAYS AS (CASE json_type(document, '$.request_token_url') WHEN 'text' THEN document ->> '$.request_token_url' END) STORED,
	`authorization_url` text GENERATED ALWAYS AS (CASE json_type(document, '$.authorization_url') WHEN 'text' THEN document ->> '$.authorization_url' END) STORED,
	`access_token_url` text GENERATED ALWAYS AS (CASE json_type(document, '$.access_token_url') WHEN 'text' THEN document ->> '$.access_token_url' END) STORED,
	`profile_url` text GENERATED ALWAYS AS (CASE json_type(document, '$.profile_url') WHEN 'text' THEN document ->> '$.profile_url' END) STORED,
	`consumer_key` text GENERATED ALWAYS AS (CASE json_type(document, '$.consumer_key') WHEN 'text' THEN document ->> '$.consumer_key' ELSE '' END) VIRTUAL NOT NULL,
	`additional_scopes` text GENERATED ALWAYS AS (CASE json_type(document, '$.additional_scopes') WHEN 'text' THEN document ->> '$.additional_scopes' ELSE '' END) STORED NOT NULL,
	`oidc_well_known_url` text GENERATED ALWAYS AS (CASE json_type(document, '$.oidc_well_known_url') WHEN 'text' THEN document ->> '$.oidc_well_known_url' ELSE '' END) STORED NOT NULL,
	`oidc_jwks_url` text GENERATED ALWAYS AS (CASE json_type(document, '$.oidc_jwks_url') WHEN 'text' THEN document ->> '$.oidc_jwks_url' ELSE '' END) STORED NOT NULL,
	`promoted` integer GENERATED ALWAYS AS (CASE json_type(document, '$.promoted') WHEN 'true' THEN 1 WHEN 'false' THEN 0 END) STORED,
	`group_matching_mode` text GENERATED ALWAYS AS (CASE json_type(document, '$.group_matching_mode') WHEN 'text' THEN document ->> '$.group_matching_mode' ELSE 'identifier' END) STORED,
	`pkce` text GENERATED ALWAYS AS (CASE json_type(document, '$.pkce') WHEN 'text' THEN document ->> '$.pkce' END) STORED,
	`authorization_code_auth_method` text GENERATED ALWAYS AS (CASE json_type(document, '$.authorization_code_auth_method') WHEN 'text' THEN document ->> '$.authorization_code_auth_method' END) STORED,
	`has_jwks` integer GENERATED ALWAYS AS (coalesce(document -> '$.oidc_jwks', '{}') <> '{}') STORED,
	CONSTRAINT "document_is_json" CHECK(typeof(document) = 'text' AND json_valid(document)),
	CONSTRAINT "document_has_the_pk" CHECK(document ->> '$.pk' IS pk),
	CONSTRAINT "document_has_no_secret" CHECK(json_type(document, '$.consumer_secret') IS NULL),
	CONSTRAINT "name_has_its_type" CHECK(coalesce(json_type(document, '$.name'), '') IN ('text')),
	CONSTRAINT "slug_has_its_type" CHECK(coalesce(json_type(document, '$.slug'), '') IN ('text'))
);
--> statement-breakpoint
INSERT INTO `__new_oauth_sources`("pk", "document", "search_text") SELECT "pk", "document", "search_text" FROM `oauth_sources`;--> statement-breakpoint
DROP TABLE `oauth_sources`;--> statement-breakpoint
ALTER TABLE `__new_oauth_sources` RENAME TO `oauth_sources`;--> statement-breakpoint
PRAGMA foreign_keys=ON;--> statement-breakpoint
CREATE INDEX `oauth_sources_by_name` ON `oauth_sources` (`name`,`pk`,`search_text`);--> statement-breakpoint
CREATE UNIQUE INDEX `oauth_sources_by_slug` ON `oauth_sources` (`slug`);--> statement-breakpoint
CREATE INDEX `oauth_sources_by_authentication_flow` ON `oauth_sources` (`authentication_flow`);--> statement-breakpoint
CREATE INDEX `oauth_sources_by_enrollment_flow` ON `oauth_sources` (`enrollment_flow`);--> statement-breakpoint
CREATE INDEX `oauth_sources_by_managed` ON `oauth_sources` (`managed`);--> statement-breakpoint
CREATE INDEX `oauth_sources_by_provider_type` ON `oauth_sources` (`provider_type`);--> statement-breakpoint
CREATE INDEX `oauth_sources_by_consumer_key` ON `oauth_sources` (`consumer_key`);--> statement-breakpoint
ALTER TABLE `sync_runs` ADD `warnings` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `sync_runs` ADD `first_warnings` text DEFAULT '[]' NOT NULL;
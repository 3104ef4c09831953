CREATE TABLE `api_tokens` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`name` text NOT NULL,
	`digest` text NOT NULL,
	`last_four` text NOT NULL,
	`scope` text NOT NULL,
	`created_at` integer NOT NULL,
	`expires_at` integer,
	`revoked_at` integer,
	CONSTRAINT "scope_is_known" CHECK("api_tokens"."scope" IN ('sources:read', 'none'))
);
--> statement-breakpoint
CREATE UNIQUE INDEX `api_tokens_digest_unique` ON `api_tokens` (`digest`);--> statement-breakpoint
CREATE TABLE `list_state` (
	`id` integer PRIMARY KEY NOT NULL,
	`revision` integer NOT NULL,
	`changed_at` integer NOT NULL,
	`count` integer NOT NULL,
	`beside` text NOT NULL,
	CONSTRAINT "single_row" CHECK("list_state"."id" = 1),
	CONSTRAINT "beside_is_json" CHECK(coalesce(json_type(beside), '') = 'object')
);
--> statement-breakpoint
CREATE TABLE `oauth_sources` (
	`pk` text PRIMARY KEY NOT NULL,
	`document` text NOT NULL,
	`search_text` text NOT NULL,
	`name` text GENERATED ALWAYS AS (document ->> '$.name') VIRTUAL NOT NULL,
	`slug` text GENERATED ALWAYS AS (document ->> '$.slug') VIRTUAL NOT NULL,
	`enabled` integer GENERATED ALWAYS AS (document ->> '$.enabled') STORED,
	`authentication_flow` text GENERATED ALWAYS AS (document ->> '$.authentication_flow') VIRTUAL,
	`enrollment_flow` text GENERATED ALWAYS AS (document ->> '$.enrollment_flow') VIRTUAL,
	`policy_engine_mode` text GENERATED ALWAYS AS (document ->> '$.policy_engine_mode') STORED NOT NULL,
	`user_matching_mode` text GENERATED ALWAYS AS (document ->> '$.user_matching_mode') STORED NOT NULL,
	`managed` text GENERATED ALWAYS AS (document ->> '$.managed') VIRTUAL,
	`user_path_template` text GENERATED ALWAYS AS (document ->> '$.user_path_template') STORED NOT NULL,
	`provider_type` text GENERATED ALWAYS AS (document ->> '$.provider_type') VIRTUAL NOT NULL,
	`request_token_url` text GENERATED ALWAYS AS (document ->> '$.request_token_url') STORED,
	`authorization_url` text GENERATED ALWAYS AS (document ->> '$.authorization_url') STORED,
	`access_token_url` text GENERATED ALWAYS AS (document ->> '$.access_token_url') STORED,
	`profile_url` text GENERATED ALWAYS AS (document ->> '$.profile_url') STORED,
	`consumer_key` text GENERATED ALWAYS AS (document ->> '$.consumer_key') VIRTUAL NOT NULL,
	`additional_scopes` text GENERATED ALWAYS AS (document ->> '$.additional_scopes') STORED NOT NULL,
	`oidc_well_known_url` text GENERATED ALWAYS AS (document ->> '$.oidc_well_known_url') STORED NOT NULL,
	`oidc_jwks_url` text GENERATED ALWAYS AS (document ->> '$.oidc_jwks_url') STORED NOT NULL,
	`promoted` integer GENERATED ALWAYS AS (document ->> '$.promoted') STORED,
	`group_matching_mode` text GENERATED ALWAYS AS (coalesce(document ->> '$.group_matching_mode', 'identifier')) STORED,
	`pkce` text GENERATED ALWAYS AS (document ->> '$.pkce') STORED,
	`authorization_code_auth_method` text GENERATED ALWAYS AS (document ->> '$.authorization_code_auth_method') STORED,
	`has_jwks` integer GENERATED ALWAYS AS (coalesce(document -> '$.oidc_jwks', '{}') <> '{}') STORED,
	CONSTRAINT "document_is_json" CHECK(typeof(document) = 'text' AND json_valid(document)),
	CONSTRAINT "document_has_the_pk" CHECK(document ->> '$.pk' IS pk),
	CONSTRAINT "document_has_no_secret" CHECK(json_type(document, '$.consumer_secret') IS NULL),
	CONSTRAINT "name_has_its_type" CHECK(coalesce(json_type(document, '$.name'), '') IN ('text')),
	CONSTRAINT "slug_has_its_type" CHECK(coalesce(json_type(document, '$.slug'), '') IN ('text')),
	CONSTRAINT "enabled_has_its_type" CHECK(coalesce(json_type(document, '$.enabled'), '') IN ('true', 'false')),
	CONSTRAINT "authentication_flow_has_its_type" CHECK(coalesce(json_type(document, '$.authentication_flow'), 'null') IN ('text', 'null')),
	CONSTRAINT "enrollment_flow_has_its_type" CHECK(coalesce(json_type(document, '$.enrollment_flow'), 'null') IN ('text', 'null')),
	CONSTRAINT "policy_engine_mode_has_its_type" CHECK(coalesce(json_type(document, '$.policy_engine_mode'), '') IN ('text')),
	CONSTRAINT "user_matching_mode_has_its_type" CHECK(coalesce(json_type(document, '$.user_matching_mode'), '') IN ('text')),
	CONSTRAINT "managed_has_its_type" CHECK(coalesce(json_type(document, '$.managed'), 'null') IN ('text', 'null')),
	CONSTRAINT "user_path_template_has_its_type" CHECK(coalesce(json_type(document, '$.user_path_template'), '') IN ('text')),
	CONSTRAINT "provider_type_has_its_type" CHECK(coalesce(json_type(document, '$.provider_type'), '') IN ('text')),
	CONSTRAINT "request_token_url_has_its_type" CHECK(coalesce(json_type(document, '$.request_token_url'), 'null') IN ('text', 'null')),
	CONSTRAINT "authorization_url_has_its_type" CHECK(coalesce(json_type(document, '$.authorization_url'), 'null') IN ('text', 'null')),
	CONSTRAINT "access_token_url_has_its_type" CHECK(coalesce(json_type(document, '$.access_token_url'), 'null') IN ('text', 'null')),
	CONSTRAINT "profile_url_has_its_type" CHECK(coalesce(json_type(document, '$.profile_url'), 'null') IN ('text', 'null')),
	CONSTRAINT "consumer_key_has_its_type" CHECK(coalesce(json_type(document, '$.consumer_key'), '') IN ('text')),
	CONSTRAINT "additional_scopes_has_its_type" CHECK(coalesce(json_type(document, '$.additional_scopes'), '') IN ('text')),
	CONSTRAINT "oidc_well_known_url_has_its_type" CHECK(coalesce(json_type(document, '$.oidc_well_known_url'), '') IN ('text')),
	CONSTRAINT "oidc_jwks_url_has_its_type" CHECK(coalesce(json_type(document, '$.oidc_jwks_url'), '') IN ('text')),
	CONSTRAINT "promoted_has_its_type" CHECK(coalesce(json_type(document, '$.promoted'), 'null') IN ('true', 'false', 'null')),
	CONSTRAINT "group_matching_mode_has_its_type" CHECK(coalesce(json_type(document, '$.group_matching_mode'), 'null') IN ('text', 'null')),
	CONSTRAINT "pkce_has_its_type" CHECK(coalesce(json_type(document, '$.pkce'), 'null') IN ('text', 'null')),
	CONSTRAINT "authorization_code_auth_method_has_its_type" CHECK(coalesce(json_type(document, '$.authorization_code_auth_method'), 'null') IN ('text', 'null'))
);
--> statement-breakpoint
CREATE INDEX `oauth_sources_by_name` ON `oauth_sources` (`name`,`pk`,`search_text`);--> statement-breakpoint
CREATE UNIQUE INDEX `oauth_sources_by_slug` ON `oauth_sources` (`slug`);--> statement-breakpoint
CREATE INDEX `oauth_sources_by_authentication_flow` ON `oauth_sources` (`authentication_flow`);--> statement-breakpoint
CREATE INDEX `oauth_sources_by_enrollment_flow` ON `oauth_sources` (`enrollment_flow`);--> statement-breakpoint
CREATE UNIQUE INDEX `oauth_sources_by_managed` ON `oauth_sources` (`managed`);--> statement-breakpoint
CREATE INDEX `oauth_sources_by_provider_type` ON `oauth_sources` (`provider_type`);--> statement-breakpoint
CREATE INDEX `oauth_sources_by_consumer_key` ON `oauth_sources` (`consumer_key`);--> statement-breakpoint
CREATE TABLE `source_types` (
	`name` text PRIMARY KEY NOT NULL,
	`position` integer NOT NULL,
	`type` text NOT NULL,
	CONSTRAINT "type_is_json" CHECK(coalesce(json_type(type), '') = 'object')
);
--> statement-breakpoint
CREATE TABLE `sync_runs` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`started_at` integer NOT NULL,
	`duration_ms` integer NOT NULL,
	`trigger` text NOT NULL,
	`upstream` text NOT NULL,
	`outcome` text NOT NULL,
	`added` integer,
	`changed` integer,
	`removed` integer,
	`unchanged` integer,
	`error` text,
	CONSTRAINT "outcome_is_known" CHECK("sync_runs"."outcome" IN ('changed', 'unchanged', 'superseded', 'failed')),
	CONSTRAINT "trigger_is_known" CHECK("sync_runs"."trigger" IN ('cron', 'webhook', 'command'))
);

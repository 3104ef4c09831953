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
	CONSTRAINT "single_row" CHECK("list_state"."id" = 1)
);
--> statement-breakpoint
CREATE TABLE `oauth_sources` (
	`pk` text PRIMARY KEY NOT NULL,
	`name` text NOT NULL,
	`slug` text NOT NULL,
	`enabled` integer NOT NULL,
	`authentication_flow` text,
	`enrollment_flow` text,
	`policy_engine_mode` text NOT NULL,
	`user_matching_mode` text NOT NULL,
	`managed` text,
	`user_path_template` text NOT NULL,
	`icon` text,
	`provider_type` text NOT NULL,
	`request_token_url` text,
	`authorization_url` text,
	`access_token_url` text,
	`profile_url` text,
	`consumer_key` text NOT NULL,
	`additional_scopes` text NOT NULL,
	`oidc_well_known_url` text NOT NULL,
	`oidc_jwks_url` text NOT NULL,
	`oidc_jwks` text NOT NULL,
	`search_text` text NOT NULL,
	CONSTRAINT "enabled_is_boolean" CHECK("oauth_sources"."enabled" IN (0, 1)),
	CONSTRAINT "policy_engine_mode_is_known" CHECK("oauth_sources"."policy_engine_mode" IN ('all', 'any')),
	CONSTRAINT "user_matching_mode_is_known" CHECK("oauth_sources"."user_matching_mode" IN ('identifier', 'email_link', 'email_deny', 'username_link', 'username_deny')),
	CONSTRAINT "oidc_jwks_is_json" CHECK(json_valid("oauth_sources"."oidc_jwks"))
);
--> statement-breakpoint
CREATE UNIQUE INDEX `oauth_sources_slug_unique` ON `oauth_sources` (`slug`);--> statement-breakpoint
CREATE UNIQUE INDEX `oauth_sources_managed_unique` ON `oauth_sources` (`managed`);--> statement-breakpoint
CREATE INDEX `oauth_sources_by_name` ON `oauth_sources` (`name`,`pk`);--> statement-breakpoint
CREATE INDEX `oauth_sources_by_provider_type` ON `oauth_sources` (`provider_type`);--> statement-breakpoint
CREATE INDEX `oauth_sources_by_consumer_key` ON `oauth_sources` (`consumer_key`);--> statement-breakpoint
CREATE INDEX `oauth_sources_by_authentication_flow` ON `oauth_sources` (`authentication_flow`);--> statement-breakpoint
CREATE INDEX `oauth_sources_by_enrollment_flow` ON `oauth_sources` (`enrollment_flow`);--> statement-breakpoint
CREATE TABLE `source_types` (
	`provider_type` text PRIMARY KEY NOT NULL,
	`type` text NOT NULL,
	CONSTRAINT "type_is_json" CHECK(json_valid("source_types"."type"))
);

DROP INDEX `oauth_sources_by_name`;--> statement-breakpoint
CREATE INDEX `oauth_sources_by_name` ON `oauth_sources` (`name`,`pk`,`search_text`);--> statement-breakpoint
ALTER TABLE `list_state` ADD `count` integer DEFAULT 0 NOT NULL;
CREATE TABLE `icon_images` (
	`digest` text PRIMARY KEY NOT NULL,
	`type` text NOT NULL,
	`body` text NOT NULL
);
--> statement-breakpoint
CREATE TABLE `icons` (
	`pk` text NOT NULL,
	`theme` text NOT NULL,
	`address` text NOT NULL,
	`etag` text,
	`digest` text,
	`problem` text,
	`asked_at` integer NOT NULL,
	CONSTRAINT "theme_is_known" CHECK("icons"."theme" IN ('', 'light', 'dark'))
);
--> statement-breakpoint
CREATE UNIQUE INDEX `one_icon_a_theme` ON `icons` (`pk`,`theme`);
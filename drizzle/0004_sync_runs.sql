CREATE TABLE `sync_runs` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`started_at` integer NOT NULL,
	`duration_ms` integer NOT NULL,
	`upstream` text NOT NULL,
	`outcome` text NOT NULL,
	`added` integer,
	`changed` integer,
	`removed` integer,
	`unchanged` integer,
	`error` text,
	CONSTRAINT "outcome_is_known" CHECK("sync_runs"."outcome" IN ('changed', 'unchanged', 'superseded', 'failed'))
);

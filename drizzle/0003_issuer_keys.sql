CREATE TABLE `issuer_keys` (
	`issuer` text PRIMARY KEY NOT NULL,
	`keys` text NOT NULL,
	`changed_at` integer NOT NULL,
	CONSTRAINT "keys_are_a_list" CHECK(coalesce(json_type("issuer_keys"."keys") = 'array', 0))
);

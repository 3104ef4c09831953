-- Written by hand, since Drizzle describes no triggers: they keep `list_state.count`.
UPDATE `list_state` SET `count` = (SELECT count(*) FROM `oauth_sources`);
--> statement-breakpoint
CREATE TRIGGER `oauth_source_added` AFTER INSERT ON `oauth_sources` BEGIN
  UPDATE `list_state` SET `count` = `count` + 1;
END;
--> statement-breakpoint
CREATE TRIGGER `oauth_source_removed` AFTER DELETE ON `oauth_sources` BEGIN
  UPDATE `list_state` SET `count` = `count` - 1;
END;

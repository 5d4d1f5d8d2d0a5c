DROP INDEX "IX_conversations_tenant_id_owner_id_updated_at_id";

ALTER TABLE "messages" ADD "external_id" TEXT NULL;

ALTER TABLE "generations" ADD "request" TEXT NULL;

ALTER TABLE "conversations" ADD "expires_at" INTEGER NULL;

ALTER TABLE "conversations" ADD "external_id" TEXT NULL;

ALTER TABLE "conversations" ADD "kind" TEXT NOT NULL DEFAULT 'chat';

CREATE TABLE "chat_sessions" (
    "id" TEXT NOT NULL CONSTRAINT "PK_chat_sessions" PRIMARY KEY,
    "tenant_id" TEXT NOT NULL,
    "owner_id" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "conversation_id" TEXT NOT NULL,
    "message_id" TEXT NOT NULL,
    "model" TEXT NOT NULL,
    "project_id" TEXT NULL,
    "task_id" TEXT NULL,
    "generation_id" TEXT NULL,
    "created_at" INTEGER NOT NULL,
    "expires_at" INTEGER NOT NULL,
    CONSTRAINT "FK_chat_sessions_conversations_conversation_id" FOREIGN KEY ("conversation_id") REFERENCES "conversations" ("id") ON DELETE CASCADE
);

CREATE INDEX "IX_messages_conversation_id_external_id" ON "messages" ("conversation_id", "external_id") WHERE external_id IS NOT NULL;

CREATE INDEX "IX_conversations_expires_at" ON "conversations" ("expires_at") WHERE expires_at IS NOT NULL;

CREATE UNIQUE INDEX "IX_conversations_tenant_id_owner_id_external_id" ON "conversations" ("tenant_id", "owner_id", "external_id") WHERE external_id IS NOT NULL;

CREATE INDEX "IX_conversations_tenant_id_owner_id_kind_updated_at_id" ON "conversations" ("tenant_id", "owner_id", "kind", "updated_at", "id");

CREATE INDEX "IX_chat_sessions_conversation_id" ON "chat_sessions" ("conversation_id");

CREATE INDEX "IX_chat_sessions_expires_at" ON "chat_sessions" ("expires_at");

CREATE INDEX "IX_chat_sessions_owner_id" ON "chat_sessions" ("owner_id");

INSERT INTO "__EFMigrationsHistory" ("MigrationId", "ProductVersion")
VALUES ('20261120170052_ClientNames', '10.0.15');


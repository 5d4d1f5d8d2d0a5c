CREATE TABLE IF NOT EXISTS "__EFMigrationsHistory" (
    "MigrationId" TEXT NOT NULL CONSTRAINT "PK___EFMigrationsHistory" PRIMARY KEY,
    "ProductVersion" TEXT NOT NULL
);

CREATE TABLE "conversations" (
    "id" TEXT NOT NULL CONSTRAINT "PK_conversations" PRIMARY KEY,
    "tenant_id" TEXT NOT NULL,
    "owner_id" TEXT NOT NULL,
    "title" TEXT NOT NULL,
    "model" TEXT NULL,
    "message_count" INTEGER NOT NULL,
    "total_tokens" INTEGER NOT NULL,
    "active_message_id" TEXT NULL,
    "last_message_at" INTEGER NULL,
    "last_message_preview" TEXT NULL,
    "updated_at" INTEGER NOT NULL,
    "created_at" INTEGER NOT NULL,
    "archived_at" INTEGER NULL
);

CREATE TABLE "generation_journal" (
    "id" INTEGER NOT NULL CONSTRAINT "PK_generation_journal" PRIMARY KEY,
    "slices" BLOB NOT NULL
);

CREATE TABLE "idempotency_keys" (
    "owner_id" TEXT NOT NULL,
    "key" TEXT NOT NULL,
    "fingerprint" TEXT NOT NULL,
    "generation_id" TEXT NOT NULL,
    "created_at" INTEGER NOT NULL,
    CONSTRAINT "PK_idempotency_keys" PRIMARY KEY ("owner_id", "key")
);

CREATE TABLE "nodes" (
    "id" TEXT NOT NULL CONSTRAINT "PK_nodes" PRIMARY KEY,
    "lease_until" INTEGER NOT NULL
);

CREATE TABLE "users" (
    "id" TEXT NOT NULL CONSTRAINT "PK_users" PRIMARY KEY,
    "tenant_id" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "created_at" INTEGER NOT NULL
);

CREATE TABLE "generations" (
    "key" INTEGER NOT NULL CONSTRAINT "PK_generations" PRIMARY KEY AUTOINCREMENT,
    "id" TEXT NULL,
    "tenant_id" TEXT NOT NULL,
    "owner_id" TEXT NOT NULL,
    "conversation_id" TEXT NOT NULL,
    "message_id" TEXT NOT NULL,
    "model" TEXT NOT NULL,
    "status" TEXT NOT NULL,
    "node_id" TEXT NOT NULL,
    "epoch" INTEGER NOT NULL,
    "adoptions" INTEGER NOT NULL,
    "end_position" INTEGER NULL,
    "continues_id" TEXT NULL,
    "continues_to" INTEGER NULL,
    "created_at" INTEGER NOT NULL,
    "ended_at" INTEGER NULL,
    CONSTRAINT "FK_generations_conversations_conversation_id" FOREIGN KEY ("conversation_id") REFERENCES "conversations" ("id") ON DELETE CASCADE
);

CREATE TABLE "messages" (
    "id" TEXT NOT NULL CONSTRAINT "PK_messages" PRIMARY KEY,
    "tenant_id" TEXT NOT NULL,
    "owner_id" TEXT NOT NULL,
    "conversation_id" TEXT NOT NULL,
    "parent_id" TEXT NULL,
    "sequence" INTEGER NOT NULL,
    "role" TEXT NOT NULL,
    "content" TEXT NOT NULL,
    "parts" TEXT NULL,
    "status" TEXT NOT NULL,
    "model" TEXT NULL,
    "generation_id" TEXT NULL,
    "finish_reason" TEXT NULL,
    "input_tokens" INTEGER NULL,
    "output_tokens" INTEGER NULL,
    "cached_input_tokens" INTEGER NULL,
    "reasoning_tokens" INTEGER NULL,
    "usage_estimated" INTEGER NOT NULL,
    "error_code" TEXT NULL,
    "error_message" TEXT NULL,
    "error_retryable" INTEGER NOT NULL,
    "stopped_at" INTEGER NULL,
    "metadata" TEXT NULL,
    "created_at" INTEGER NOT NULL,
    "completed_at" INTEGER NULL,
    CONSTRAINT "FK_messages_conversations_conversation_id" FOREIGN KEY ("conversation_id") REFERENCES "conversations" ("id") ON DELETE CASCADE
);

CREATE TABLE "generation_segments" (
    "id" INTEGER NOT NULL CONSTRAINT "PK_generation_segments" PRIMARY KEY AUTOINCREMENT,
    "generation_key" INTEGER NOT NULL,
    "start" INTEGER NOT NULL,
    "bytes" BLOB NOT NULL,
    "controls" TEXT NOT NULL,
    "open" TEXT NULL,
    CONSTRAINT "FK_generation_segments_generations_generation_key" FOREIGN KEY ("generation_key") REFERENCES "generations" ("key") ON DELETE CASCADE
);

CREATE INDEX "IX_conversations_tenant_id_owner_id_updated_at_id" ON "conversations" ("tenant_id", "owner_id", "updated_at", "id");

CREATE UNIQUE INDEX "IX_generation_segments_generation_key_start" ON "generation_segments" ("generation_key", "start");

CREATE INDEX "IX_generations_conversation_id" ON "generations" ("conversation_id");

CREATE UNIQUE INDEX "IX_generations_id" ON "generations" ("id");

CREATE INDEX "IX_generations_status" ON "generations" ("status") WHERE status = 'running';

CREATE INDEX "IX_messages_conversation_id_parent_id" ON "messages" ("conversation_id", "parent_id");

CREATE UNIQUE INDEX "IX_messages_conversation_id_sequence" ON "messages" ("conversation_id", "sequence");

CREATE INDEX "IX_users_tenant_id_id" ON "users" ("tenant_id", "id");

INSERT INTO "__EFMigrationsHistory" ("MigrationId", "ProductVersion")
VALUES ('20261120142539_Initial', '10.0.15');


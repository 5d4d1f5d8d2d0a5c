using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Parley.Server.Data.Sqlite.Migrations
{
    /// <inheritdoc />
    public partial class ClientNames : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropIndex(
                name: "IX_conversations_tenant_id_owner_id_updated_at_id",
                table: "conversations");

            migrationBuilder.AddColumn<string>(
                name: "external_id",
                table: "messages",
                type: "TEXT",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "request",
                table: "generations",
                type: "TEXT",
                nullable: true);

            migrationBuilder.AddColumn<long>(
                name: "expires_at",
                table: "conversations",
                type: "INTEGER",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "external_id",
                table: "conversations",
                type: "TEXT",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "kind",
                table: "conversations",
                type: "TEXT",
                nullable: false,
                defaultValue: "chat");

            migrationBuilder.CreateTable(
                name: "chat_sessions",
                columns: table => new
                {
                    id = table.Column<string>(type: "TEXT", nullable: false),
                    tenant_id = table.Column<string>(type: "TEXT", nullable: false),
                    owner_id = table.Column<string>(type: "TEXT", nullable: false),
                    kind = table.Column<string>(type: "TEXT", nullable: false),
                    conversation_id = table.Column<string>(type: "TEXT", nullable: false),
                    message_id = table.Column<string>(type: "TEXT", nullable: false),
                    model = table.Column<string>(type: "TEXT", nullable: false),
                    project_id = table.Column<string>(type: "TEXT", nullable: true),
                    task_id = table.Column<string>(type: "TEXT", nullable: true),
                    generation_id = table.Column<string>(type: "TEXT", nullable: true),
                    created_at = table.Column<long>(type: "INTEGER", nullable: false),
                    expires_at = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_chat_sessions", x => x.id);
                    table.ForeignKey(
                        name: "FK_chat_sessions_conversations_conversation_id",
                        column: x => x.conversation_id,
                        principalTable: "conversations",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateIndex(
                name: "IX_messages_conversation_id_external_id",
                table: "messages",
                columns: new[] { "conversation_id", "external_id" },
                filter: "external_id IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "IX_conversations_expires_at",
                table: "conversations",
                column: "expires_at",
                filter: "expires_at IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "IX_conversations_tenant_id_owner_id_external_id",
                table: "conversations",
                columns: new[] { "tenant_id", "owner_id", "external_id" },
                unique: true,
                filter: "external_id IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "IX_conversations_tenant_id_owner_id_kind_updated_at_id",
                table: "conversations",
                columns: new[] { "tenant_id", "owner_id", "kind", "updated_at", "id" });

            migrationBuilder.CreateIndex(
                name: "IX_chat_sessions_conversation_id",
                table: "chat_sessions",
                column: "conversation_id");

            migrationBuilder.CreateIndex(
                name: "IX_chat_sessions_expires_at",
                table: "chat_sessions",
                column: "expires_at");

            migrationBuilder.CreateIndex(
                name: "IX_chat_sessions_owner_id",
                table: "chat_sessions",
                column: "owner_id");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "chat_sessions");

            migrationBuilder.DropIndex(
                name: "IX_messages_conversation_id_external_id",
                table: "messages");

            migrationBuilder.DropIndex(
                name: "IX_conversations_expires_at",
                table: "conversations");

            migrationBuilder.DropIndex(
                name: "IX_conversations_tenant_id_owner_id_external_id",
                table: "conversations");

            migrationBuilder.DropIndex(
                name: "IX_conversations_tenant_id_owner_id_kind_updated_at_id",
                table: "conversations");

            migrationBuilder.DropColumn(
                name: "external_id",
                table: "messages");

            migrationBuilder.DropColumn(
                name: "request",
                table: "generations");

            migrationBuilder.DropColumn(
                name: "expires_at",
                table: "conversations");

            migrationBuilder.DropColumn(
                name: "external_id",
                table: "conversations");

            migrationBuilder.DropColumn(
                name: "kind",
                table: "conversations");

            migrationBuilder.CreateIndex(
                name: "IX_conversations_tenant_id_owner_id_updated_at_id",
                table: "conversations",
                columns: new[] { "tenant_id", "owner_id", "updated_at", "id" });
        }
    }
}

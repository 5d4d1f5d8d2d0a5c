using Parley.Server.Data.Model;
using Parley.Streaming.Generations;
using Parley.Streaming.WireFormats;

namespace Parley.Server.Data.Sql;

public sealed partial class ChatStore
{
    /// <summary>
    /// Starts a generation in one transaction, which decides everything: whether it is a retry, whether there is a free slot, the parent of
    /// the messages, and the prompt.
    /// </summary>
    /// <param name="command">The generation to start.</param>
    /// <param name="tryAdmit">Reserves a slot; called only when a generation is to be started.</param>
    public Task<StartResult> StartAsync(StartCommand command, Func<bool> tryAdmit) =>
        database.WriteAsync<StartResult>(
            command.Owner,
            session => StartAsync(session, command, tryAdmit),
            result =>
            {
                if (result is StartResult.Started { Generation: var generation })
                {
                    index.Started(generation.Id, generation.Key, generation.NodeId);
                }
            }
        );

    private async ValueTask<StartResult> StartAsync(SqlSession session, StartCommand command, Func<bool> tryAdmit)
    {
        var reads = new ChatReads(session);
        if (command.LockName is { } name)
        {
            await session.LockAsync($"{command.Owner.UserId}\n{name}");
        }

        if (command.LockConversation is { } conversation)
        {
            await ChatRows.LockAsync(session, database.Dialect, conversation);
        }

        if (command.IdempotencyKey is { } key && await reads.KeyAsync(key) is { } known)
        {
            return known.Fingerprint == command.Fingerprint
                ? await AttachAsync(reads, known.GenerationId)
                : new StartResult.Refused(StartRefusal.KeyReused);
        }

        switch (await command.DecideAsync(reads))
        {
            case StartDecision.Attach attach:
                return await AttachAsync(reads, attach.GenerationId);
            case StartDecision.StopFirst stop:
                return new StartResult.StopFirst(new GenerationId(Guid.Parse(stop.GenerationId)));
            case StartDecision.Refuse refuse:
                return new StartResult.Refused(refuse.Refusal);
            case var _ when !tryAdmit():
                return new StartResult.NotAdmitted();
            case StartDecision.Begin begin:
                return await BeginAsync(session, command, begin);
            case StartDecision.Reply reply:
                return await ReplyAsync(session, reads, command, reply);
            case var other:
                throw new InvalidOperationException($"{other.GetType().Name} is not a decision.");
        }
    }

    private static async ValueTask<StartResult> AttachAsync(ChatReads reads, string generationId) =>
        await reads.GenerationAsync(generationId) is { } found
            ? new StartResult.Attached(found)
            : new StartResult.Refused(StartRefusal.NotFound("generation"));

    private async ValueTask<StartResult> BeginAsync(SqlSession session, StartCommand command, StartDecision.Begin begin)
    {
        if (command.ChooseModel(null) is not { } model)
        {
            return new StartResult.Refused(StartRefusal.ModelNotFound(null));
        }

        var request = command.Request;
        var start = new StoredStart(command, NewId(command.Now), model, index.NodeId);
        var messages = Messages(start, null, 0, begin.Conversation.Earlier, begin.Message, null);
        var newest = messages[^1];
        var written = begin.Message is null ? null : messages[^2];
        await ChatRows.EnsureUserAsync(session, command.Now);
        var conversation = new Conversation
        {
            Id = start.ConversationId,
            TenantId = command.Owner.TenantId,
            OwnerId = command.Owner.UserId,
            ExternalId = begin.Conversation.Name,
            Kind = begin.Conversation.Kind,
            Title = MessageText.Title((messages.Find(message => message.Role == "user") ?? newest).Content),
            Model = start.Model,
            MessageCount = newest.Sequence,
            ActiveMessageId = newest.Id,
            LastMessageAt = command.Now,
            LastMessagePreview = MessageText.Preview(written?.Content ?? ""),
            CreatedAt = command.Now,
            UpdatedAt = command.Now,
            ExpiresAt = begin.Conversation.ExpiresAt,
        };
        if (!await ChatRows.InsertAsync(session, conversation))
        {
            return new StartResult.Refused(StartRefusal.ConversationBegun);
        }

        var key = await InsertAsync(session, start, messages, request, null);
        return start.Result(
            key,
            newest,
            request is { HasAllMessages: true }
                ? []
                : [.. messages[..^1].Select(message => new PathMessage(message.Role, message.Content))],
            request,
            null,
            begin.Conversation.Kind == ConversationKind.Chat
        );
    }

    private async ValueTask<StartResult> ReplyAsync(SqlSession session, ChatReads reads, StartCommand command, StartDecision.Reply reply)
    {
        if (command.ChooseModel(reply.DefaultModel) is not { } model)
        {
            return new StartResult.Refused(StartRefusal.ModelNotFound(reply.DefaultModel));
        }

        var start = new StoredStart(command, reply.ConversationId, model, index.NodeId);
        if (await ChatRows.LockAsync(session, database.Dialect, reply.ConversationId, reply.ParentId) is not { } state)
        {
            return new StartResult.Refused(StartRefusal.NotFound("conversation"));
        }

        var request = reply.Request ?? command.Request;
        var path = request is { HasAllMessages: true } ? [] : await reads.PromptAsync(reply.ConversationId, reply.ParentId);
        var messages = Messages(start, reply.ParentId, state.MessageCount, [], reply.Message, reply.AnswerName);
        var newest = messages[^1];
        var written = reply.Message is null ? null : messages[0];
        var key = await InsertAsync(session, start, messages, request, reply.Continues);
        if (reply.SessionId is not null)
        {
            await session.AddAsync(
                "UPDATE chat_sessions SET generation_id = @generation WHERE id = @id AND tenant_id = @tenant AND owner_id = @owner",
                ("@generation", start.GenerationId.ToString()),
                ("@id", reply.SessionId)
            );
        }

        await ChatRows.GrowAsync(session, reply.ConversationId, newest, written);
        if (written is not null && request is not { HasAllMessages: true })
        {
            path.Add(new PathMessage(written.Role, written.Content));
        }

        return start.Result(key, newest, path, request, reply.Continues, isListed: true);
    }

    /// <summary>The messages to store, each under the previous one: the earlier messages, the person's message, and the answer.</summary>
    private static List<Message> Messages(
        StoredStart start,
        string? parent,
        int sequence,
        IReadOnlyList<EarlierMessage> earlier,
        NewMessage? message,
        string? answerName
    )
    {
        List<Message> messages = [];
        foreach (var past in earlier)
        {
            Add(past.Role, past.Content, past.Name, MessageStatus.Complete);
        }

        if (message is not null)
        {
            Add("user", message.Text, message.Name, MessageStatus.Complete);
        }

        Add("assistant", "", answerName, MessageStatus.Running, start.Model, start.GenerationId.ToString());
        return messages;

        void Add(string role, string content, string? name, string status, string? model = null, string? generation = null)
        {
            messages.Add(
                new Message
                {
                    Id = NewId(start.Command.Now),
                    TenantId = start.Command.Owner.TenantId,
                    OwnerId = start.Command.Owner.UserId,
                    ConversationId = start.ConversationId,
                    ParentId = parent,
                    ExternalId = name,
                    Sequence = ++sequence,
                    Role = role,
                    Content = content,
                    Status = status,
                    Model = model,
                    GenerationId = generation,
                    CreatedAt = start.Command.Now,
                }
            );
            parent = messages[^1].Id;
        }
    }

    /// <summary>Stores the messages, the generation of the last one, and the idempotency key. Returns the generation's short key.</summary>
    private static async ValueTask<long> InsertAsync(
        SqlSession session,
        StoredStart start,
        List<Message> messages,
        StoredRequest? request,
        ContinuedAnswer? continues
    )
    {
        foreach (var message in messages)
        {
            await ChatRows.InsertAsync(session, message);
        }

        var now = start.Command.Now.ToUnixTimeMilliseconds();
        var key = await session.FirstAsync(
            """
            INSERT INTO generations (id, tenant_id, owner_id, conversation_id, message_id, model, status, node_id, epoch, adoptions, continues_id, continues_to, request, created_at)
            VALUES (@id, @tenant, @owner, @conversation, @message, @model, 'running', @node, 1, 0, @continues, @to, @request, @now) RETURNING key
            """,
            static row => row.GetInt64(0),
            ("@id", start.GenerationId.ToString()),
            ("@conversation", start.ConversationId),
            ("@message", messages[^1].Id),
            ("@model", start.Model),
            ("@node", start.NodeId),
            ("@continues", continues?.GenerationId),
            ("@to", continues?.Position),
            ("@request", request?.ToJson()),
            ("@now", now)
        );
        if (start.Command.IdempotencyKey is { } name)
        {
            await session.AddAsync(
                "INSERT INTO idempotency_keys (owner_id, key, fingerprint, generation_id, created_at) VALUES (@owner, @key, @fingerprint, @generation, @now)",
                ("@key", name),
                ("@fingerprint", start.Command.Fingerprint),
                ("@generation", start.GenerationId.ToString()),
                ("@now", now)
            );
        }

        return key;
    }

    private static string NewId(DateTimeOffset now) => Guid.CreateVersion7(now).ToString();

    /// <summary>A start whose conversation and model are decided.</summary>
    private sealed record StoredStart(StartCommand Command, string ConversationId, string Model, string NodeId)
    {
        public GenerationId GenerationId { get; } = GenerationId.New(Command.Now);

        public StartResult.Started Result(
            long key,
            Message answer,
            IReadOnlyList<PathMessage> path,
            StoredRequest? request,
            ContinuedAnswer? continues,
            bool isListed
        ) =>
            new(
                new StartedGeneration(
                    GenerationId,
                    key,
                    NodeId,
                    new GenerationInfo(ConversationId, GenerationId.ToString(), answer.Id, Model, Command.Now),
                    answer.ExternalId,
                    path,
                    request,
                    continues,
                    isListed
                )
            );
    }
}

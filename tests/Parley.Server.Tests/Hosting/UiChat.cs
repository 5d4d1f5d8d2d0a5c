namespace Parley.Server.Tests.Hosting;

/// <summary>A message as <c>useChat</c> of AI SDK 5 to 7 keeps it.</summary>
internal sealed record UiMessage(string Id, string Role, string Text)
{
    public static string NewId() => Guid.NewGuid().ToString("N")[..16];

    public object ToJson() =>
        new
        {
            id = Id,
            role = Role,
            parts = new[] { new { type = "text", text = Text } },
        };
}

/// <summary>A chat as <c>useChat</c> of AI SDK 5 to 7 keeps it: under an id of its own, sending all that it shows each time.</summary>
internal sealed class UiChat(TestUser user, string? id = null, string api = "/api/chat", string? model = "scripted")
{
    public string Id { get; } = id ?? UiMessage.NewId();

    /// <summary>What it shows.</summary>
    public List<UiMessage> Messages { get; } = [];

    /// <summary>The same chat on another device, which shows what this one does.</summary>
    public UiChat On(TestUser other)
    {
        var chat = new UiChat(other, Id, api, model);
        chat.Messages.AddRange(Messages);
        return chat;
    }

    /// <summary>Shows a message, and sends it.</summary>
    public Task<AnswerStream> SubmitAsync(string text)
    {
        Messages.Add(new UiMessage(UiMessage.NewId(), "user", text));
        return PostAsync();
    }

    /// <summary>Sends what it shows.</summary>
    public Task<AnswerStream> PostAsync(string trigger = "submit-message", string? messageId = null) =>
        user.OpenAsync("ui", "POST", api, Body(trigger, messageId));

    public Task<System.Text.Json.JsonElement> RefusedAsync(
        int status,
        string code,
        string trigger = "submit-message",
        string? messageId = null
    ) => user.RefusedAsync(status, code, "POST", api, Body(trigger, messageId));

    /// <summary>Sends a message, and shows the whole answer to it.</summary>
    public async Task<DecodedAnswer> AnsweredAsync(string text)
    {
        await using var stream = await SubmitAsync(text);
        return Show(await stream.ToEndAsync());
    }

    /// <summary>Shows an answer: under the id that it came with, at the place of the one of that id if there is one.</summary>
    public DecodedAnswer Show(DecodedAnswer answer)
    {
        var message = new UiMessage(answer.MessageId!, "assistant", answer.Text);
        var place = Messages.FindIndex(shown => shown.Id == answer.MessageId);
        if (place < 0)
        {
            Messages.Add(message);
        }
        else
        {
            Messages[place] = message;
        }

        return answer;
    }

    public object Body(string trigger = "submit-message", string? messageId = null) =>
        new
        {
            id = Id,
            messages = Messages.Select(message => message.ToJson()),
            trigger,
            messageId,
            model,
        };
}

namespace Parley.Server.Tests.Hosting;

/// <summary>
/// A chat as <c>useChat</c> of AI SDK 4 keeps it: under an id of its own, sending all that it shows each time, without ids of messages.
/// </summary>
internal sealed class DataChat(TestUser user, string? id = null, string api = "/api/chat")
{
    public string Id { get; } = id ?? UiMessage.NewId();

    /// <summary>What it shows.</summary>
    public List<(string Role, string Text)> Messages { get; } = [];

    /// <summary><c>append()</c>.</summary>
    public Task<AnswerStream> AppendAsync(string text)
    {
        Messages.Add(("user", text));
        return PostAsync();
    }

    public async Task<DecodedAnswer> AnsweredAsync(string text)
    {
        await using var stream = await AppendAsync(text);
        return Show(await stream.ToEndAsync());
    }

    /// <summary><c>reload()</c>: the last answer is taken away, and the rest is sent again.</summary>
    public async Task<DecodedAnswer> ReloadedAsync()
    {
        if (Messages[^1].Role == "assistant")
        {
            Messages.RemoveAt(Messages.Count - 1);
        }

        await using var stream = await PostAsync();
        return Show(await stream.ToEndAsync());
    }

    public Task<AnswerStream> PostAsync() => user.OpenAsync("v4", "POST", api, Body());

    public DecodedAnswer Show(DecodedAnswer answer)
    {
        Messages.Add(("assistant", answer.Text));
        return answer;
    }

    public object Body() =>
        new
        {
            id = Id,
            model = "scripted",
            messages = Messages.Select(message => new
            {
                role = message.Role,
                content = message.Text,
                parts = new[] { new { type = "text", text = message.Text } },
            }),
        };
}

using System.Text;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Parley.Server.Data;
using Parley.Server.Tests.Hosting;

namespace Parley.Server.Tests.Compatibility.Convex;

/// <summary>What <c>POST /chat-stream/create</c> answered, and what its owner can do with it.</summary>
internal sealed record StreamChat(TestUser Owner, string ChatId, string StreamId)
{
    public static async Task<StreamChat> CreateAsync(TestUser owner, string prompt, string? title = null, string model = "scripted")
    {
        var created = await owner.JsonAsync(
            "POST",
            "/chat-stream/create",
            new
            {
                prompt,
                title,
                model,
            },
            201
        );
        return new StreamChat(owner, created.GetProperty("chatId").GetString()!, created.GetProperty("streamId").GetString()!);
    }

    public Task<HttpResponseMessage> DriveAsync(TestUser? by = null) =>
        (by ?? Owner).SendAsync("POST", "/chat-stream", new { streamId = StreamId });

    /// <summary>Drives it to its end.</summary>
    public async Task<string> DrivenAsync()
    {
        using var response = await DriveAsync();
        Assert.Equal(200, (int)response.StatusCode);
        return await response.Content.ReadAsStringAsync();
    }

    public Task<JsonElement> RowAsync() => Owner.GetAsync($"/chat-stream/chats/{ChatId}");

    public async Task<string> StatusAsync() => (await RowAsync()).GetProperty("status").GetString()!;

    public async Task<(string Text, string Status)> BodyAsync()
    {
        var body = await Owner.GetAsync($"/chat-stream/body?streamId={StreamId}");
        Assert.Equal(["text", "status"], body.EnumerateObject().Select(member => member.Name));
        return (body.GetProperty("text").GetString()!, body.GetProperty("status").GetString()!);
    }

    /// <summary>Lets it wait to be driven until then and no longer.</summary>
    public Task ExpireAtAsync(ParleyServer server, DateTimeOffset at) =>
        server
            .Services.GetRequiredService<IDatabase>()
            .WriteAsync(null, session =>
                session.RunAsync(
                    "UPDATE chat_sessions SET expires_at = @at WHERE id = @id",
                    ("@at", at.ToUnixTimeMilliseconds()),
                    ("@id", StreamId)
                )
            );

    /// <summary>Makes it older.</summary>
    public Task AgeAsync(ParleyServer server, int milliseconds) =>
        server
            .Services.GetRequiredService<IDatabase>()
            .WriteAsync(null, session =>
                session.RunAsync(
                    "UPDATE chat_sessions SET created_at = created_at - @by WHERE id = @id",
                    ("@by", milliseconds),
                    ("@id", StreamId)
                )
            );
}

/// <summary>A model that says a word whenever a test tells it to.</summary>
internal sealed class ToldModel : IAsyncDisposable
{
    private readonly System.Threading.Channels.Channel<string?> _words = System.Threading.Channels.Channel.CreateUnbounded<string?>();
    private readonly TaskCompletionSource _asked = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Upstream _upstream = null!;

    public static async Task<ToldModel> StartAsync()
    {
        var model = new ToldModel();
        model._upstream = await Upstream.StartAsync(
            async (_, response) =>
            {
                await response.Body.FlushAsync();
                model._asked.TrySetResult();
                await foreach (var word in model._words.Reader.ReadAllAsync(response.HttpContext.RequestAborted))
                {
                    if (word is null)
                    {
                        break;
                    }

                    await Upstream.SendAsync(
                        response,
                        $$$"""{"choices":[{"index":0,"delta":{"content":{{{JsonSerializer.Serialize(word)}}}}}]}"""
                    );
                }

                await Upstream.SendAsync(response, """{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}""");
                await Upstream.SendAsync(response, "[DONE]");
            }
        );
        return model;
    }

    public const string Name = "up/m";

    public (string, string)[] Settings => _upstream.Settings;

    /// <summary>How often it was asked.</summary>
    public int Asked => _upstream.Requests.Count;

    public Task WhenAskedAsync() => _asked.Task.WaitAsync(TestUser.Timeout);

    public void Say(string word) => _words.Writer.TryWrite(word);

    public void End() => _words.Writer.TryWrite(null);

    public ValueTask DisposeAsync() => _upstream.DisposeAsync();
}

/// <summary>A text as it arrives.</summary>
internal static class ArrivingText
{
    /// <summary>Reads until the text has this number of bytes.</summary>
    public static async Task<string> ReadAsync(this Stream body, int bytes)
    {
        var buffer = new byte[bytes];
        await body.ReadExactlyAsync(buffer).AsTask().WaitAsync(TestUser.Timeout);
        return Encoding.UTF8.GetString(buffer);
    }

    /// <summary>Nothing more comes, and the body ends as it should.</summary>
    public static async Task EndsAsync(this Stream body) =>
        Assert.Equal("", await new StreamReader(body).ReadToEndAsync().WaitAsync(TestUser.Timeout));

    /// <summary>Nothing more comes, and the connection breaks.</summary>
    public static async Task IsCutAsync(this Stream body) =>
        await Assert.ThrowsAnyAsync<IOException>(() => new StreamReader(body).ReadToEndAsync().WaitAsync(TestUser.Timeout));
}

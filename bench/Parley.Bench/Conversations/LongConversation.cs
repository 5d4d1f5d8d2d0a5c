using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;

namespace Parley.Bench;

/// <summary>A conversation of many messages, created and read through the HTTP API by one anonymous user.</summary>
internal sealed class LongConversation : IDisposable
{
    // Prose, so that it compresses like real messages. The number at the start is checked when a page is read.
    private const string Text =
        "Message {0}: a response is stored before it is sent, so a client that reconnects continues at the position where it stopped reading. "
        + "Opening the newest page must take as long with ten thousand messages as with ten, so no query may depend on the length of the conversation. "
        + "Digits, a name (Ada), a link (https://example.org/a?b={0}) and an umlaut (ü) are in it, as in many messages.";

    private readonly OpenPlan _plan;
    private readonly HttpClient _client;
    private string _path = "";

    public LongConversation(OpenPlan plan)
    {
        _plan = plan;
        _client = new HttpClient(new SocketsHttpHandler { UseCookies = true }) { BaseAddress = plan.Server };
    }

    public async Task CreateAsync(CancellationToken cancellationToken)
    {
        using var created = await _client.PostAsJsonAsync("/api/v1/conversations", new { title = "Long conversation" }, cancellationToken);
        var conversation = await ReadAsync(created, cancellationToken);
        _path = "/api/v1/conversations/" + conversation.GetProperty("id").GetString();
        for (var i = 0; i < _plan.Messages; i++)
        {
            var message = new
            {
                role = i % 2 == 0 ? "user" : "assistant",
                content = Text.Replace("{0}", i.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal),
            };
            using var added = await _client.PostAsJsonAsync(_path + "/messages", message, cancellationToken);
            await ReadAsync(added, cancellationToken);
        }
    }

    /// <summary>Requests what a client needs to show the conversation: the conversation and its last page.</summary>
    public async Task OpenAsync(bool closeConnection, CancellationToken cancellationToken)
    {
        var conversation = await GetAsync(_path, closeConnection: false, cancellationToken);
        var page = await GetAsync($"{_path}/messages?limit={_plan.PageSize}", closeConnection, cancellationToken);
        Check(conversation.GetProperty("messageCount").GetInt32() == _plan.Messages, "messageCount");
        Check(NewestMessage(page) == _plan.Messages - 1, "the last page");
    }

    /// <summary>Reads page by page backwards until half of the conversation has been read.</summary>
    public async Task PageToMiddleAsync(Action<long> addPageTime, CancellationToken cancellationToken)
    {
        string? before = null;
        for (var newest = _plan.Messages - 1; newest >= _plan.Messages / 2; newest -= _plan.PageSize)
        {
            var start = Clock.Now;
            var page = await GetAsync(
                $"{_path}/messages?limit={_plan.PageSize}{(before is null ? "" : "&before=" + before)}",
                closeConnection: false,
                cancellationToken
            );
            addPageTime(Clock.Now - start);
            Check(NewestMessage(page) == newest, $"the page that ends with message {newest}");
            before = page.GetProperty("previous").GetString();
        }
    }

    public void Dispose() => _client.Dispose();

    private static void Check(bool isExpected, string part)
    {
        if (!isExpected)
        {
            throw new InvalidDataException($"Unexpected response of the server: {part}.");
        }
    }

    private static int NewestMessage(JsonElement page)
    {
        var content = page.GetProperty("items").EnumerateArray().Last().GetProperty("content").GetString()!;
        var start = "Message ".Length;
        return int.Parse(content.AsSpan(start, content.IndexOf(':', StringComparison.Ordinal) - start), CultureInfo.InvariantCulture);
    }

    private static async Task<JsonElement> ReadAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        if (!response.IsSuccessStatusCode)
        {
            throw new HttpRequestException($"{(int)response.StatusCode}: {await response.Content.ReadAsStringAsync(cancellationToken)}");
        }

        return await response.Content.ReadFromJsonAsync<JsonElement>(cancellationToken);
    }

    private async Task<JsonElement> GetAsync(string path, bool closeConnection, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.ConnectionClose = closeConnection ? true : null;
        using var response = await _client.SendAsync(request, cancellationToken);
        return await ReadAsync(response, cancellationToken);
    }
}

using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;

namespace Parley.Bench;

/// <summary>A conversation of many messages, made and read through the HTTP API by one anonymous person.</summary>
internal sealed class LongConversation : IDisposable
{
    // a sentence that compresses like prose and not like a run of one letter
    private const string Text =
        "Message {0}: the log is the answer, and whoever comes back reads on from the position where they left. "
        + "A page of it must open as fast at the ten-thousandth message as at the first, so nothing may depend on how long the conversation is. "
        + "Numbers, a name (Ada), a link (https://example.org/a?b={0}) and an umlaut (ü) make it look like something that people write.";

    private readonly OpenPlan _plan;
    private readonly HttpClient _client;
    private string _path = "";

    public LongConversation(OpenPlan plan)
    {
        _plan = plan;
        _client = new HttpClient(new SocketsHttpHandler { UseCookies = true }) { BaseAddress = plan.Server };
    }

    public async Task CreateAsync(CancellationToken cancel)
    {
        using var created = await _client.PostAsJsonAsync("/api/v1/conversations", new { title = "A long one" }, cancel);
        var conversation = await ReadAsync(created, cancel);
        _path = "/api/v1/conversations/" + conversation.GetProperty("id").GetString();
        for (var i = 0; i < _plan.Messages; i++)
        {
            var message = new
            {
                role = i % 2 == 0 ? "user" : "assistant",
                content = Text.Replace("{0}", i.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal),
            };
            using var added = await _client.PostAsJsonAsync(_path + "/messages", message, cancel);
            await ReadAsync(added, cancel);
        }
    }

    /// <summary>What a client asks for to show it: the conversation and its last page.</summary>
    public async Task OpenAsync(bool onNewConnection, CancellationToken cancel)
    {
        var conversation = await GetAsync(_path, closes: false, cancel);
        var page = await GetAsync($"{_path}/messages?limit={_plan.PageSize}", closes: onNewConnection, cancel);
        Check(conversation.GetProperty("messageCount").GetInt32() == _plan.Messages, "messageCount");
        Check(Newest(page) == _plan.Messages - 1, "the last page");
    }

    /// <summary>Pages backwards until half of it has been read.</summary>
    public async Task PageToMiddleAsync(Action<long> pageTook, CancellationToken cancel)
    {
        string? before = null;
        for (var newest = _plan.Messages - 1; newest >= _plan.Messages / 2; newest -= _plan.PageSize)
        {
            var began = Clock.Now;
            var page = await GetAsync(
                $"{_path}/messages?limit={_plan.PageSize}{(before is null ? "" : "&before=" + before)}",
                closes: false,
                cancel
            );
            pageTook(Clock.Now - began);
            Check(Newest(page) == newest, $"the page that ends with message {newest}");
            before = page.GetProperty("previous").GetString();
        }
    }

    public void Dispose() => _client.Dispose();

    private static void Check(bool holds, string what)
    {
        if (!holds)
        {
            throw new InvalidDataException($"The server answered wrongly: {what}.");
        }
    }

    private static int Newest(JsonElement page)
    {
        var content = page.GetProperty("items").EnumerateArray().Last().GetProperty("content").GetString()!;
        return int.Parse(
            content.AsSpan("Message ".Length, content.IndexOf(':', StringComparison.Ordinal) - "Message ".Length),
            CultureInfo.InvariantCulture
        );
    }

    private static async Task<JsonElement> ReadAsync(HttpResponseMessage response, CancellationToken cancel)
    {
        if (!response.IsSuccessStatusCode)
        {
            throw new HttpRequestException($"{(int)response.StatusCode}: {await response.Content.ReadAsStringAsync(cancel)}");
        }

        return await response.Content.ReadFromJsonAsync<JsonElement>(cancel);
    }

    private async Task<JsonElement> GetAsync(string path, bool closes, CancellationToken cancel)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.ConnectionClose = closes ? true : null;
        using var response = await _client.SendAsync(request, cancel);
        return await ReadAsync(response, cancel);
    }
}

using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.Playwright;

namespace Parley.EndToEnd;

/// <summary>The web app in one tab, as a user sees it.</summary>
public sealed partial class ChatPage(IPage page)
{
    /// <summary>
    /// Runs before the app: notes the first text that the page ever showed of an answer, whether the text of the last answer ever became
    /// shorter from one frame to the next, and, once it is <c>on</c> (then it looks at nothing else), every long task.
    /// </summary>
    private const string Observer = """
        (() => {
          // The note that marks a seam is not of the answer.
          const text = node => node.nodeType === 3 ? node.data : node.dataset?.testid === 'seam' ? '' : [...node.childNodes].map(text).join('');
          const watch = window.__watch = {
            first: null, shrunk: [], longTasks: [], on: false,
            text: answer => answer ? [...answer.querySelectorAll('[data-testid=answer-text]')].map(text).join(' ') : '',
            answer: () => [...document.querySelectorAll('[data-testid=message][data-role=assistant]')].at(-1),
          };
          let before = null, id = null;
          const look = () => {
            const last = watch.answer();
            if (!watch.on && last && last.dataset.messageId) {
              const text = watch.text(last);
              if (watch.first === null && text) watch.first = text;
              if (last.dataset.messageId === id && before !== null && text.length < before.length) watch.shrunk.push(`${before.length} to ${text.length}: ${before.slice(-60)}`);
              id = last.dataset.messageId;
              before = text;
            }
            requestAnimationFrame(look);
          };
          requestAnimationFrame(look);
          new PerformanceObserver(list => { if (watch.on) for (const task of list.getEntries()) watch.longTasks.push(Math.round(task.duration)); }).observe({ type: 'longtask' });
        })();
        """;

    public IPage Page => page;

    public List<string> Errors { get; } = [];

    public ILocator Composer => page.GetByTestId("composer");

    public ILocator Answers => page.Locator("[data-testid=message][data-role=assistant]");

    public ILocator Answer => Answers.Last;

    public ILocator Connection => page.GetByTestId("connection-state");

    public static async Task<ChatPage> OpenAsync(IBrowserContext context, Uri address, string model = "demo/scripted")
    {
        var chat = new ChatPage(await context.NewPageAsync());
        chat.Page.PageError += (_, error) => chat.Errors.Add(error);
        await chat.Page.AddInitScriptAsync(Observer);
        await chat.Page.AddInitScriptAsync($"localStorage.getItem('parley.model') ?? localStorage.setItem('parley.model', '{model}');");
        await chat.Page.GotoAsync(address.ToString());
        await Assertions.Expect(chat.Composer).ToBeVisibleAsync();
        return chat;
    }

    public async Task AskAsync(string message)
    {
        var before = await Answers.CountAsync();
        await Composer.FillAsync(message);
        await page.GetByTestId("send").ClickAsync();
        await Assertions.Expect(Answers).ToHaveCountAsync(before + 1);
    }

    /// <summary>
    /// The text of the last answer, with white space as one space: what markdown does to line breaks does not matter here.
    /// </summary>
    public async Task<string> TextAsync() => Plain(await page.EvaluateAsync<string>("window.__watch.text(window.__watch.answer())"));

    /// <summary>Waits until at least this number of characters of the answer are shown, and returns the shown text.</summary>
    public async Task<string> WhenShownAsync(int characters)
    {
        await page.WaitForFunctionAsync("count => window.__watch.text(window.__watch.answer()).length >= count", characters);
        return await TextAsync();
    }

    public Task WhenStatusAsync(string status) =>
        Assertions
            .Expect(Answer)
            .ToHaveAttributeAsync("data-status", status, new LocatorAssertionsToHaveAttributeOptions { Timeout = 30_000 });

    /// <summary>The last answer as the server has it.</summary>
    public async Task<JsonElement> ServerMessageAsync()
    {
        var id = await Answer.GetAttributeAsync("data-message-id");
        var response = await page.APIRequest.GetAsync($"{new Uri(page.Url).GetLeftPart(UriPartial.Authority)}/api/v1/messages/{id}");
        return JsonElement.Parse(await response.TextAsync());
    }

    /// <summary>The page shows the server's text, all of it, and never took a character back.</summary>
    public async Task MustShowTheServersTextAsync()
    {
        var server = await ServerMessageAsync();
        Assert.Equal(Plain(server.GetProperty("content").GetString()!), await TextAsync());
        Assert.Equal(server.GetProperty("status").GetString(), await Answer.GetAttributeAsync("data-status"));
        await MustNotHaveShrunkAsync();
    }

    public async Task MustNotHaveShrunkAsync()
    {
        Assert.Empty(await page.EvaluateAsync<string[]>("window.__watch.shrunk"));
        Assert.Empty(Errors);
    }

    public async Task<string> FirstShownAsync() => Plain(await page.EvaluateAsync<string>("window.__watch.first ?? ''"));

    public static string Plain(string text) => Space().Replace(text, " ").Trim();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Space();
}

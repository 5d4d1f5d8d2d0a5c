using System.Text.Json;
using Microsoft.Playwright;

namespace Parley.EndToEnd;

/// <summary>The API's reference page, under the content security policy of the server, which lets nothing in from elsewhere.</summary>
public sealed class ReferencePageTests(BrowserFixture fixture) : ServerTests, IClassFixture<BrowserFixture>
{
    [Theory]
    [InlineData(ColorScheme.Light)]
    [InlineData(ColorScheme.Dark)]
    public async Task Page_InABrowser_ShowsEveryOperationAndTriesOne(ColorScheme scheme)
    {
        var server = await StartServerAsync();
        await using var context = await fixture.Browser.NewContextAsync(
            new BrowserNewContextOptions { BaseURL = server.Address.ToString(), ColorScheme = scheme }
        );
        var page = await context.NewPageAsync();
        List<string> complaints = [];
        page.Console += (_, message) => complaints.Add(message.Text);
        page.PageError += (_, error) => complaints.Add(error);
        page.Request += (_, request) =>
        {
            if (
                !request.Url.StartsWith(server.Address.ToString(), StringComparison.Ordinal)
                && !request.Url.StartsWith("data:", StringComparison.Ordinal)
            )
            {
                complaints.Add(request.Url);
            }
        };

        await page.GotoAsync("/reference");
        await page.Locator(".opblock").First.WaitForAsync();
        var document = JsonDocument.Parse(await (await page.APIRequest.GetAsync("/openapi/v1.json")).TextAsync());
        Assert.Equal(
            document.RootElement.GetProperty("paths").EnumerateObject().Sum(path => path.Value.EnumerateObject().Count()),
            await page.Locator(".opblock").CountAsync()
        );

        var operation = page.Locator("#operations-Chat-postChat");
        await operation.Locator(".opblock-summary-control").ClickAsync();
        await operation.GetByRole(AriaRole.Button, new LocatorGetByRoleOptions { Name = "Try it out" }).ClickAsync();
        await operation.Locator("textarea.body-param__text").FillAsync("""{"message":"#script tokens=3 delay=0","model":"scripted"}""");
        await operation.GetByRole(AriaRole.Button, new LocatorGetByRoleOptions { Name = "Execute" }).ClickAsync();
        await Assertions.Expect(operation.Locator(".live-responses-table")).ToContainTextAsync("\"finishReason\":\"stop\"");
        Assert.Empty(complaints);
    }
}

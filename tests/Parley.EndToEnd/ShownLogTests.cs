using System.Text;

namespace Parley.EndToEnd;

/// <summary>The checks of the kill test find violations: each of these streams breaks a promise.</summary>
public class ShownLogTests
{
    private static readonly string[] Whole =
    [
        """data: {"type":"start","conversationId":"c","generationId":"g","messageId":"m","model":"demo/scripted"}|id: 0""",
        """data: {"type":"reasoning","content":"Überlegung. "}|id: 14""",
        """data: {"type":"token","content":"Grüße "}|id: 24""",
        """data: {"type":"token","content":"漢字 "}|id: 31""",
        """data: {"type":"seam","reason":"adopted","model":"demo/scripted"}|id: 33""",
        """data: {"type":"token","content":"Ende."}|id: 39""",
        """data: {"type":"done","finishReason":"stop"}|id: 41""",
    ];

    [Fact]
    public async Task Shown_WholeStream_EqualsItself() => (await ShowAsync(Whole)).MustEqual(await ShowAsync(Whole));

    [Fact]
    public async Task Shown_CutAnywhere_IsPrefixOfTheWhole()
    {
        var whole = await ShowAsync(Whole);
        for (var count = 0; count <= Whole.Length; count++)
        {
            (await ShowAsync(Whole[..count])).MustBePrefixOf(whole);
        }
    }

    [Fact]
    public async Task Shown_OtherSlices_EqualsTheWhole()
    {
        string[] joined = [.. Whole[..2], """data: {"type":"token","content":"Grüße 漢字 "}|id: 31""", .. Whole[4..]];

        (await ShowAsync(joined)).MustEqual(await ShowAsync(Whole));
    }

    [Fact]
    public async Task Shown_FromTheMiddle_EqualsTheRest()
    {
        var rest = await ShowAsync(Whole[3..], origin: 24);

        rest.MustEqual(await ShowAsync(Whole));
        Assert.Equal("漢字 Ende.", rest.Text);
    }

    [Fact]
    public async Task Shown_SameEventTwice_IsRefused()
    {
        var error = await Assert.ThrowsAsync<ViolationException>(() => ShowAsync([.. Whole[..3], Whole[2], .. Whole[3..]]));

        Assert.Contains("shown twice", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Shown_EventMissing_IsRefused()
    {
        var error = await Assert.ThrowsAsync<ViolationException>(() => ShowAsync([.. Whole[..3], .. Whole[4..]]));

        Assert.Contains("lost", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Shown_EventAfterTheEnd_IsRefused() =>
        await Assert.ThrowsAsync<ViolationException>(() => ShowAsync([.. Whole, """data: {"type":"done","finishReason":"stop"}|id: 42"""]));

    [Fact]
    public async Task Shown_OneByteOther_IsNoPrefix()
    {
        string[] other = [.. Whole[..3], """data: {"type":"token","content":"漢宇 "}|id: 31""", .. Whole[4..]];
        var (shown, whole) = (await ShowAsync(other), await ShowAsync(Whole));

        var error = Assert.Throws<ViolationException>(() => shown.MustBePrefixOf(whole));

        Assert.Contains("differs at 28", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Shown_MoreThanTheLogHas_IsNoPrefix()
    {
        var (shown, whole) = (await ShowAsync(Whole[..4]), await ShowAsync(Whole[..3]));

        Assert.Throws<ViolationException>(() => shown.MustBePrefixOf(whole));
    }

    [Fact]
    public async Task Shown_TextAtAnotherPosition_IsNoPrefix()
    {
        string[] moved = [.. Whole[..2], """data: {"type":"token","content":"Grüße "}|id: 25"""];
        var (shown, whole) = (await ShowAsync(moved), await ShowAsync(Whole));

        Assert.Throws<ViolationException>(() => shown.MustBePrefixOf(whole));
    }

    [Fact]
    public async Task Shown_ReasoningAsText_IsNoPrefix()
    {
        string[] other = [Whole[0], """data: {"type":"token","content":"Überlegung. "}|id: 14"""];
        var (shown, whole) = (await ShowAsync(other), await ShowAsync(Whole));

        Assert.Throws<ViolationException>(() => shown.MustBePrefixOf(whole));
    }

    [Fact]
    public async Task Shown_AnotherEnd_IsNotEqual()
    {
        string[] other = [.. Whole[..^1], """data: {"type":"done","finishReason":"length"}|id: 41"""];
        var (shown, whole) = (await ShowAsync(other), await ShowAsync(Whole));

        Assert.Throws<ViolationException>(() => shown.MustEqual(whole));
    }

    [Fact]
    public async Task Stream_CutInAnEvent_ShowsNothingOfIt()
    {
        var bytes = Encoding.UTF8.GetBytes("data: {\"type\":\"token\",\"content\":\"Grüße\"}\nid: 8\n");

        Assert.Equal(0, (await ShowAsync(new MemoryStream(bytes), 0)).Position);
    }

    private static Task<ShownLog> ShowAsync(string[] events, long origin = 0) =>
        ShowAsync(
            new MemoryStream(
                Encoding.UTF8.GetBytes(string.Concat(events.Select(line => line.Replace("|", "\n", StringComparison.Ordinal) + "\n\n")))
            ),
            origin
        );

    private static async Task<ShownLog> ShowAsync(Stream stream, long origin)
    {
        var shown = new ShownLog(origin);
        await foreach (var next in EventReader.ReadAsync(stream, TestContext.Current.CancellationToken))
        {
            shown.Add(next);
        }

        return shown;
    }
}

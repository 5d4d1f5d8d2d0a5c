using System.Net;
using System.Text;
using Parley.Server.Tests.Hosting;
using static Parley.Server.Tests.Compatibility.DurableStreams.DurableReads;

namespace Parley.Server.Tests.Compatibility.DurableStreams;

/// <summary>Which offsets, and which combinations of parameters, are accepted.</summary>
public sealed class OffsetTests(ParleyServer server)
{
    [Theory]
    [InlineData("offset=", "offset", "invalid_offset")]
    [InlineData("offset=abc", "offset", "invalid_offset")]
    [InlineData("offset=-2", "offset", "invalid_offset")]
    [InlineData("offset=NOW", "offset", "invalid_offset")]
    [InlineData("offset=1.5", "offset", "invalid_offset")]
    [InlineData("offset=%2B1", "offset", "invalid_offset")]
    [InlineData("offset=%201", "offset", "invalid_offset")]
    [InlineData("offset=1%00", "offset", "invalid_offset")]
    [InlineData("offset=%D9%A3", "offset", "invalid_offset")] // a digit, but not an ASCII digit
    [InlineData("offset=00000000000000001", "offset", "invalid_offset")] // 17 digits
    [InlineData("offset=9999999999999999", "offset", "offset_beyond_end")]
    [InlineData("offset=0&offset=0", "offset", "duplicate_parameter")]
    [InlineData("live=long-poll", "offset", "required")]
    [InlineData("live=sse", "offset", "required")]
    [InlineData("offset=-1&live=", "live", "invalid_live")]
    [InlineData("offset=-1&live=polling", "live", "invalid_live")]
    [InlineData("offset=-1&live=sse&live=sse", "live", "duplicate_parameter")]
    [InlineData("offset=-1&live=long-poll&cursor=1&cursor=2", "cursor", "duplicate_parameter")]
    public async Task Parameter_ThatIsInvalid_IsNamed(string query, string parameter, string code)
    {
        using var ana = server.NewUser();
        var generation = (await ana.AnsweredAsync("#script tokens=2 delay=0")).GenerationId;
        foreach (var text in (bool[])[false, true])
        {
            var problem = await ana.RefusedAsync(400, code, "GET", $"{PathOf(generation, text)}?{query}");
            Assert.True(Problem.Names(problem, parameter), $"{problem}");
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("&live=long-poll")]
    [InlineData("&live=sse")]
    public async Task EveryPosition_IsAccepted_ExceptInsideACharacterAndBeyondTheEnd(string live)
    {
        using var ana = server.NewUser();
        var answer = await ana.AnsweredAsync("#script tokens=6 delay=0");
        var bytes = Encoding.UTF8.GetBytes(answer.Text);
        // The log: the part's beginning, the text, the part's end, the answer's end.
        var end = answer.Last.Position;
        Assert.Equal(bytes.Length + 3, end);
        var inside = 0;
        for (var position = 0L; position <= end + 2; position++)
        {
            var isInside = position > 1 && position <= bytes.Length && (bytes[position - 1] & 0xC0) == 0x80;
            inside += isInside ? 1 : 0;
            foreach (var text in (bool[])[false, true])
            {
                var path = $"{PathOf(answer.GenerationId, text)}?offset={Offset(position)}{live}";
                if (isInside || position > end)
                {
                    await ana.RefusedAsync(400, isInside ? "invalid_offset" : "offset_beyond_end", "GET", path);
                    continue;
                }

                var read = await ana.ReadStreamAsync(path);
                Assert.Equal(live == "&live=long-poll" && position == end ? HttpStatusCode.NoContent : HttpStatusCode.OK, read.Status);
                if (text && live != "&live=sse")
                {
                    Assert.Equal(Encoding.UTF8.GetString(bytes.AsSpan((int)Math.Clamp(position - 1, 0, bytes.Length))), read.Body);
                }
            }
        }

        Assert.InRange(inside, 3, bytes.Length);
    }

    [Theory]
    [InlineData("0", "0000000000000000")]
    [InlineData("1", "0000000000000001")]
    [InlineData("0", "-1")]
    public async Task LeadingZeros_ChangeNothing(string one, string other)
    {
        using var ana = server.NewUser();
        var generation = (await ana.AnsweredAsync("#script tokens=4 delay=0")).GenerationId;
        Assert.Equal(
            (await ana.ReadStreamAsync($"{PathOf(generation)}?offset={one}")).Body,
            (await ana.ReadStreamAsync($"{PathOf(generation)}?offset={other}")).Body
        );
    }

    [Fact]
    public async Task UnknownParameters_AreIgnored()
    {
        using var ana = server.NewUser();
        var generation = (await ana.AnsweredAsync("#script tokens=4 delay=0")).GenerationId;
        Assert.Equal(
            (await ana.ReadStreamAsync(PathOf(generation))).Body,
            (await ana.ReadStreamAsync($"{PathOf(generation)}?offset=-1&something=new")).Body
        );
    }
}

using System.Buffers;
using Parley.Streaming.Generations;
using Parley.Streaming.WireFormats;
using Parley.Testing.Generations;

namespace Parley.Streaming.Tests.WireFormats;

/// <summary>Every format is registered, is in the property suite, and has a golden file.</summary>
public sealed class WireFormatCatalogTests
{
    /// <summary>Formats that only one route uses and that clients cannot choose by name. The tests of their routes cover them.</summary>
    private static readonly HashSet<Type> UsedByOneRoute = [];

    public static TheoryData<string> Classes =>
        [
            .. typeof(WireFormat)
                .Assembly.GetTypes()
                .Where(type => type.IsSubclassOf(typeof(WireFormat)) && !type.IsAbstract && !UsedByOneRoute.Contains(type))
                .Select(type => type.FullName!),
        ];

    public static TheoryData<string> Names => [.. WireFormatCatalog.All.Select(format => format.Name)];

    [Theory]
    [MemberData(nameof(Classes))]
    public void Class_OfAWireFormat_IsRegisteredTestedAndHasAGoldenFile(string name)
    {
        Assert.True(
            WireFormatCatalog.All.Any(format => ClassOf(format) == name),
            $"{name} is not in WireFormatCatalog. Register it there, or add it to {nameof(UsedByOneRoute)}."
        );
        var tested = FormatUnderTest.All.Where(format => ClassOf(format.Format) == name).ToList();
        Assert.True(tested.Count > 0, $"{name} is not in the property suite. Add it to FormatUnderTest.All.");
        Assert.All(tested, format =>
            Assert.True(
                File.Exists(Path.Combine(AppContext.BaseDirectory, "WireFormats", "Golden", format.Name + ".txt")),
                $"{name} has no golden file Golden/{format.Name}.txt. Run GoldenTests with PARLEY_GOLDEN=write."
            )
        );
    }

    [Fact]
    public void Names_All_ArePublicAndPinned() =>
        Assert.Equal(
            ["native", "token", "content", "text", "data", "v4", "v3", "ui", "chat", "responses"],
            WireFormatCatalog.All.Select(format => format.Name)
        );

    [Theory]
    [MemberData(nameof(Names))]
    public void Find_ByNameInAnyCase_IsTheFormat(string name)
    {
        Assert.Equal(name, WireFormatCatalog.Find(name)!.Name);
        Assert.Equal(name, WireFormatCatalog.Find(name.ToUpperInvariant())!.Name);
    }

    [Theory]
    [InlineData("")]
    [InlineData("native ")]
    [InlineData("durable")]
    public void Find_UnknownName_IsNull(string name) => Assert.Null(WireFormatCatalog.Find(name));

    [Fact]
    public void HasCursor_OfEachFormat_IsWhatTheDocumentationSays() =>
        Assert.Equal(
            ["native", "token"],
            WireFormatCatalog.All.Where(format => format.Create(FormatUnderTest.Info).HasCursor).Select(format => format.Name)
        );

    /// <summary>A client that has the beginning of a message gets the rest of it alone.</summary>
    [Theory]
    [MemberData(nameof(Names))]
    public async Task Continue_OfAMessage_WritesTheRestAlone(string name) => await Patience.Seeds(100, random =>
        {
            var format = WireFormatCatalog.Find(name)!;
            var reader = FormatUnderTest.All.First(one =>
                ClassOf(one.Format) == ClassOf(format) && one.Name != "data-stream-3" | name == "v3"
            );
            var had = new LogBuilder().Part(PartKind.Text, "A" + RandomLog.Text(random)).Log;
            var log = LogBuilder
                .Of(had)
                .Add(new Seam(Seam.Continued, "demo/parley"))
                .Part(PartKind.Text, RandomLog.Text(random) + "Z")
                .Completed()
                .Log;
            var output = new ArrayBufferWriter<byte>();
            var writer = format.Continue(FormatUnderTest.Info, "client_message", had.End);
            writer.WriteStart(output);
            FormatUnderTest.WriteTo(
                writer,
                log,
                format.ReadsWholeLog ? 0 : had.End,
                log.Boundaries().Where(_ => random.Next(5) == 0),
                output
            );
            Assert.Equal(log.TextOf(PartKind.Text)[had.TextOf(PartKind.Text).Length..], reader.Read(output.WrittenSpan.ToArray()).Text);
            return Task.CompletedTask;
        });

    private static string ClassOf(NamedWireFormat format) => format.Create(FormatUnderTest.Info).GetType().FullName!;
}

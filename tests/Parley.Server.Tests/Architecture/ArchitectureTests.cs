using ArchUnitNET.Fluent;
using ArchUnitNET.Loader;
using ArchUnitNET.xUnitV3;
using Parley.Server.Data;
using Parley.Streaming;
using static ArchUnitNET.Fluent.ArchRuleDefinition;

#pragma warning disable CA1859 // The concrete types of rules are deep generics that say nothing.

namespace Parley.Server.Tests.Architecture;

/// <summary>
/// What each folder of the server and of the engine may know. Each rule has a twin in <see cref="Twins"/> that breaks it, so that a rule
/// which can't fail is noticed.
/// </summary>
public sealed class ArchitectureTests
{
    private const string Server = "Parley.Server",
        Twin = "Parley.Server.Tests.Architecture.Twins";

    private static readonly Lazy<ArchUnitNET.Domain.Architecture> Product = new(() =>
        new ArchLoader().LoadAssemblies(typeof(Owner).Assembly, typeof(StreamingServiceCollectionExtensions).Assembly).Build()
    );

    private static readonly Lazy<ArchUnitNET.Domain.Architecture> TwinsOnly = new(() =>
        new ArchLoader().LoadNamespacesWithinAssembly(typeof(Twins.Features.First.One).Assembly, Twin).Build()
    );

    public static TheoryData<string> Roots => [Server, "Parley.Streaming", Server + ".Data"];

    [Theory]
    [MemberData(nameof(Roots))]
    public void Folders_OfOneFolder_AreNotInACircle(string root)
    {
        Assert.Empty(FolderGraph.Of(Product.Value, root).Circles());
    }

    [Fact]
    public void Folders_InACircle_AreReported() =>
        Assert.Equal(["First → Second → First"], FolderGraph.Of(TwinsOnly.Value, Twin + ".Circle").Circles());

    [Theory]
    [InlineData("Features")]
    [InlineData("Compatibility")]
    public void Slices_DoNotKnowEachOther(string folder) => Assert.Empty(FolderGraph.Of(Product.Value, $"{Server}.{folder}").Edges);

    [Fact]
    public void Slices_ThatKnowEachOther_AreReported() => Assert.Single(FolderGraph.Of(TwinsOnly.Value, Twin + ".Features").Edges);

    [Fact]
    public void Folders_BelowFeatures_DoNotKnowFeaturesOrDialects() => Below(Server).Check(Product.Value);

    [Fact]
    public void Folders_BelowFeaturesThatKnowThem_AreReported() => AssertBroken(Below(Twin));

    [Theory]
    [InlineData("Microsoft.Data.Sqlite", "Sqlite")]
    [InlineData("Npgsql", "Postgres")]
    public void Databases_AreNamedInTheirFolderAlone(string library, string folder) =>
        Only($"{Server}.Data.{folder}", library, Server).Check(Product.Value);

    [Fact]
    public void Databases_NamedElsewhere_AreReported() => AssertBroken(Only(Twin + ".Data.Sqlite", "Microsoft.Data.Sqlite", Twin));

    [Theory]
    [InlineData("Parley.Server")]
    [InlineData("Microsoft.AspNetCore")]
    [InlineData("Microsoft.EntityFrameworkCore")]
    [InlineData("Microsoft.Data.Sqlite")]
    [InlineData("Npgsql")]
    public void Engine_KnowsNoHost(string host) => Apart("Parley.Streaming", host).Check(Product.Value);

    [Theory]
    [InlineData("OpenAI")]
    [InlineData("Anthropic")]
    [InlineData("Gemini")]
    [InlineData("OpenAIResponses")]
    [InlineData("Demo")]
    public void Routing_NamesNoProvider(string family) =>
        Apart("Parley.Streaming.Routing", $"Parley.Streaming.Providers.{family}").Check(Product.Value);

    [Theory]
    [InlineData("OpenAI")]
    [InlineData("Anthropic")]
    [InlineData("Gemini")]
    [InlineData("OpenAIResponses")]
    [InlineData("Demo")]
    public void Server_NamesNoProvider(string family) => Apart(Server, $"Parley.Streaming.Providers.{family}").Check(Product.Value);

    [Fact]
    public void Namespaces_ThatAreNotApart_AreReported() => AssertBroken(Apart(Twin + ".Features.First", Twin + ".Features.Second"));

    private static IArchRule Below(string root) =>
        Types()
            .That()
            .ResideInNamespaceMatching($@"^{Escape(root)}\.(Generations|Contracts|Data|Identity|Http|OpenApi|RateLimiting)(\.|$)")
            .Should()
            .NotDependOnAny(Types().That().ResideInNamespaceMatching($@"^{Escape(root)}\.(Features|Compatibility)(\.|$)"));

    private static IArchRule Only(string folder, string library, string root) =>
        Types()
            .That()
            .ResideInNamespaceMatching($@"^{Escape(root)}(\.|$)")
            .And()
            .DoNotResideInNamespaceMatching($@"^{Escape(folder)}(\.|$)")
            .Should()
            .NotDependOnAny(Types(includeReferenced: true).That().ResideInNamespaceMatching($@"^{Escape(library)}(\.|$)"))
            .WithoutRequiringPositiveResults();

    private static IArchRule Apart(string from, string to) =>
        Types()
            .That()
            .ResideInNamespaceMatching($@"^{Escape(from)}(\.|$)")
            .Should()
            .NotDependOnAny(Types(includeReferenced: true).That().ResideInNamespaceMatching($@"^{Escape(to)}(\.|$)"))
            .WithoutRequiringPositiveResults();

    private static string Escape(string name) => name.Replace(".", @"\.", StringComparison.Ordinal);

    private static void AssertBroken(IArchRule rule) => Assert.False(rule.HasNoViolations(TwinsOnly.Value));
}

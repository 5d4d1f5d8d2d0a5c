using Microsoft.Extensions.AI;
using Microsoft.Extensions.Logging.Abstractions;
using Parley.Streaming.Providers;
using Parley.Streaming.Providers.Demo;
using Parley.Streaming.Routing;

namespace Parley.Streaming.Tests.Routing;

/// <summary>A default model that its family assumes is used until the provider lists its models without it: providers withdraw models.</summary>
public sealed class AssumedModelTests
{
    [Theory]
    [InlineData(true, "new", "new")]
    [InlineData(true, "new assumed", "assumed")]
    [InlineData(true, "", "assumed")]
    [InlineData(true, null, "assumed")]
    [InlineData(false, "new", "assumed")]
    public async Task Default_AfterTheProviderListedItsModels_IsOneThatItHas(bool isAssumed, string? listed, string expected)
    {
        var model = new ModelDescription("assumed") { IsAssumed = isAssumed };
        using var provider = new CatalogueProvider(new Listing(model, listed), isBuiltIn: false, TimeProvider.System, NullLogger.Instance);
        Assert.Equal("assumed", provider.DefaultModel!.Name);

        await provider.RefreshAsync(TestContext.Current.CancellationToken);

        Assert.Equal(expected, provider.DefaultModel!.Name);
        Assert.Equal(expected == "assumed", provider.Listings.Any(listing => listing.Model == "assumed"));
        Assert.NotNull(provider.Route("assumed"));
    }

    /// <param name="model">The model that is known without a request.</param>
    /// <param name="listed">The names that it lists; null when the request fails.</param>
    private sealed class Listing(ModelDescription model, string? listed) : IModelProvider
    {
        public string Name => "p";

        public string DisplayName => "P";

        public IReadOnlyList<ModelDescription> Models { get; } = [model];

        public IReadOnlyDictionary<string, string> Aliases { get; } = new Dictionary<string, string>();

        public ModelDescription? Find(string name) => new(name);

        public Task<IReadOnlyList<ModelDescription>> ListModelsAsync(CancellationToken cancellationToken) =>
            listed is null
                ? Task.FromException<IReadOnlyList<ModelDescription>>(new InvalidOperationException())
                : Task.FromResult<IReadOnlyList<ModelDescription>>([
                    .. listed.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(name => new ModelDescription(name)),
                ]);

        public IChatClient CreateClient(string name) => new ScriptedChatClient(TimeProvider.System);

        public void Dispose() { }
    }
}

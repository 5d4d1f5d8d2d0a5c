using Microsoft.Extensions.AI;

namespace Parley.Streaming.Providers.Demo;

/// <summary>The provider of the built-in models.</summary>
internal sealed class DemoProvider : IModelProvider
{
    public const string ParleyModel = "parley";
    public const string ScriptedModel = "scripted";
    private static readonly ModelCapabilities Capabilities = new() { AcceptsPrefix = true, IsDemo = true };

    private readonly DemoChatClient _parley;
    private readonly ScriptedChatClient _scripted;

    public DemoProvider(string name, DemoOptions options, TimeProvider time)
    {
        Name = name;
        var parley = new ModelDescription(ParleyModel) { DisplayName = "Parley demo", Capabilities = Capabilities };
        var scripted = new ModelDescription(ScriptedModel)
        {
            DisplayName = "Scripted (for tests)",
            Capabilities = Capabilities,
            IsListed = options.Scripted,
            MayBeDefault = false,
        };
        Models = options.Enabled ? [parley, scripted] : [scripted];
        _scripted = new ScriptedChatClient(time, name);
        _parley = new DemoChatClient(time, options, name);
    }

    public string Name { get; }

    public string DisplayName => "Demo";

    public IReadOnlyList<ModelDescription> Models { get; }

    public IReadOnlyDictionary<string, string> Aliases { get; } = new Dictionary<string, string> { [ScriptedModel] = ScriptedModel };

    public ModelDescription? Find(string model) =>
        Models.FirstOrDefault(known => known.Name.Equals(model, StringComparison.OrdinalIgnoreCase));

    public Task<IReadOnlyList<ModelDescription>> ListModelsAsync(CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<ModelDescription>>([]);

    public IChatClient CreateClient(string model) =>
        Find(model)?.Name switch
        {
            ParleyModel => _parley,
            ScriptedModel => _scripted,
            _ => throw new ArgumentException("The demo has no such model.", nameof(model)),
        };

    public void Dispose()
    {
        _parley.Dispose();
        _scripted.Dispose();
    }
}

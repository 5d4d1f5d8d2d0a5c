namespace Parley.Streaming.WireFormats;

/// <summary>A wire format of the <see cref="WireFormatCatalog"/>.</summary>
public sealed class NamedWireFormat
{
    private readonly Func<GenerationInfo, WireFormat> _create;
    private readonly Func<GenerationInfo, string, long, WireFormat>? _continue;

    /// <param name="name">The name by which clients choose it.</param>
    /// <param name="create">Makes an instance for one reader.</param>
    /// <param name="continueMessage">
    /// For a format that must read the whole log to continue a message: makes an instance from the arguments of <see cref="Continue"/>.
    /// </param>
    internal NamedWireFormat(
        string name,
        Func<GenerationInfo, WireFormat> create,
        Func<GenerationInfo, string, long, WireFormat>? continueMessage = null
    ) => (Name, _create, _continue) = (name, create, continueMessage);

    /// <summary>The name by which clients choose it.</summary>
    public string Name { get; }

    /// <summary>
    /// Whether an instance from <see cref="Continue"/> must be given the log from position 0, because the format keeps track of its parts.
    /// Otherwise it is given the log from where the client's message ends.
    /// </summary>
    public bool ReadsWholeLog => _continue is not null;

    /// <summary>Makes an instance for one reader.</summary>
    public WireFormat Create(GenerationInfo info) => _create(info);

    /// <summary>Makes an instance for a client that has the beginning of the answer, as a message under an id of its own.</summary>
    /// <param name="info">The generation.</param>
    /// <param name="messageId">The client's id of the message.</param>
    /// <param name="from">The position up to which the client has the answer; a boundary.</param>
    public WireFormat Continue(GenerationInfo info, string messageId, long from) =>
        _continue is null ? _create(info with { MessageId = messageId }) : _continue(info, messageId, from);
}

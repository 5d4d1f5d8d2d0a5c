using Parley.Bench;

try
{
    var rest = args.Length > 0 ? args[1..] : [];
    return await (
        args.FirstOrDefault() switch
        {
            "provider" => ProviderCommand.RunAsync(new(rest)),
            "pipe" => PipeCommand.RunAsync(new(rest)),
            "load" => LoadCommand.RunAsync(new(rest)),
            "open" => OpenCommand.RunAsync(new(rest)),
            "start" => StartCommand.RunAsync(new(rest)),
            "run" => RunCommand.RunAsync(new(rest)),
            _ => throw new ArgumentException(Help),
        }
    );
}
catch (Exception e) when (e is ArgumentException or FormatException)
{
    Console.Error.WriteLine(e.Message);
    return 64;
}
catch (Exception e) when (e is InvalidOperationException or PlatformNotSupportedException or InvalidDataException or HttpRequestException)
{
    Console.Error.WriteLine(e.Message);
    return 3;
}

internal static partial class Program
{
    private const string Help = """
        provider --port P [--models a,b] [--tick-us 1000]   a mock LLM provider (OpenAI chat completions)
        pipe --port P --upstream URL/v1                     the .NET byte pipe: the floor to compare with
        load --url U [--body JSON] --streams N …            streams at once, one line of JSON
        open --url U [--messages 10000]                     opening and paging a long conversation
        start --server FOLDER                               cold start and memory at rest
        run --server FOLDER [--rows …] [--peers …]          all of it, as ratios from one run
        See bench/README.md.
        """;
}

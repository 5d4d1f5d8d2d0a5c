namespace Parley.Server;

/// <summary>Where the web app and the settings are: beside the server's own files, wherever it is started from.</summary>
internal static class ContentRoot
{
    public static string? Find() =>
        File.Exists(Path.Combine(AppContext.BaseDirectory, "appsettings.json")) ? AppContext.BaseDirectory : null;
}

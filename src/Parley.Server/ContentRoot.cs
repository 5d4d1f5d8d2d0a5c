namespace Parley.Server;

/// <summary>Where the web app and the settings are: beside the server's own files, wherever it is started from.</summary>
internal static class ContentRoot
{
    /// <summary>The project folder while developing (it has its own <c>wwwroot</c>); otherwise the folder of the server's files.</summary>
    public static string? Find() => Directory.Exists(Path.Combine(AppContext.BaseDirectory, "wwwroot")) ? AppContext.BaseDirectory : null;
}

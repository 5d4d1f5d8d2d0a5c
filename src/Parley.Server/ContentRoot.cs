namespace Parley.Server;

/// <summary>The folder of the web app and the settings: that of the server's executable, whatever the current directory is.</summary>
internal static class ContentRoot
{
    public static string? Find() =>
        File.Exists(Path.Combine(AppContext.BaseDirectory, "appsettings.json")) ? AppContext.BaseDirectory : null;
}

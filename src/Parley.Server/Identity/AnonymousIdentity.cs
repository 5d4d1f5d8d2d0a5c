using System.Security.Claims;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.AuthenticatedEncryption;
using Microsoft.AspNetCore.DataProtection.AuthenticatedEncryption.ConfigurationModel;
using Microsoft.Extensions.Options;
using Parley.Server.Data;

namespace Parley.Server.Identity;

/// <summary>Every caller has an identity: clients without credentials are issued an anonymous one, as a signed cookie.</summary>
public static class AnonymousIdentity
{
    public const string CookieName = "parley.id";

    public static IServiceCollection AddIdentity(this IServiceCollection services, IConfiguration configuration)
    {
        // For new keys. The default, AES-CBC with HMAC, needs two passes.
        var algorithms = new AuthenticatedEncryptorConfiguration { EncryptionAlgorithm = EncryptionAlgorithm.AES_256_GCM };
        services.AddDataProtection().SetApplicationName("parley").UseCryptographicAlgorithms(algorithms);
        services.AddSingleton<Tickets>();
        services
            .AddOptions<IdentityOptions>()
            .Bind(configuration.GetSection("Identity"))
            .Validate(
                static options => options.BearerTokens.All(token => token.Length >= 16),
                "Each of Identity:BearerTokens must have at least 16 characters."
            )
            .ValidateOnStart();
        services
            .AddOptions<Microsoft.AspNetCore.DataProtection.KeyManagement.KeyManagementOptions>()
            .Configure<IOptions<DatabaseOptions>, ILoggerFactory>(
                (options, data, loggers) =>
                {
                    var keys = new DirectoryInfo(Path.Combine(Path.GetFullPath(data.Value.Folder), "keys"));
                    options.XmlRepository = new Microsoft.AspNetCore.DataProtection.Repositories.FileSystemXmlRepository(keys, loggers);
                }
            );
        services
            .AddAuthentication(CookieAuthenticationDefaults.AuthenticationScheme)
            .AddCookie(options =>
            {
                options.Cookie.Name = CookieName;
                options.Cookie.HttpOnly = true;
                options.Cookie.SameSite = SameSiteMode.Lax;
                options.Cookie.SecurePolicy = CookieSecurePolicy.SameAsRequest;
                options.Cookie.IsEssential = true;
                options.ExpireTimeSpan = TimeSpan.FromDays(365);
                options.SlidingExpiration = true;
                options.Events.OnRedirectToLogin = context => Status(context.HttpContext, StatusCodes.Status401Unauthorized);
                options.Events.OnRedirectToAccessDenied = context => Status(context.HttpContext, StatusCodes.Status403Forbidden);
            });
        return services;
    }

    /// <summary>
    /// The caller; a new anonymous identity when the request has no credentials. Must be called before the response has started.
    /// </summary>
    public static async ValueTask<CurrentUser> CurrentUserOrNewAsync(this HttpContext http, TimeProvider time)
    {
        if (CurrentUser.Of(http.User) is { } known)
        {
            return known;
        }

        var user = new CurrentUser(CurrentUser.PersonalTenant, Guid.CreateVersion7(time.GetUtcNow()).ToString());
        var identity = new ClaimsIdentity(
            [new Claim(ClaimTypes.NameIdentifier, user.Id), new Claim("tenant", user.TenantId)],
            CookieAuthenticationDefaults.AuthenticationScheme
        );
        http.User = new ClaimsPrincipal(identity);
        await http.SignInAsync(http.User, new AuthenticationProperties { IsPersistent = true });
        return user;
    }

    private static Task Status(HttpContext http, int status)
    {
        http.Response.StatusCode = status;
        return Task.CompletedTask;
    }
}

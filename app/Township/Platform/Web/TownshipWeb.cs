using Microsoft.AspNetCore.DataProtection;
using Microsoft.Extensions.Configuration.Memory;
using Millrace.AspNetCore;
using Millrace.Sqlite;
using Township.Platform.Identity;

namespace Township.Platform.Web;

/// <summary>Puts Township together: its services, then its request pipeline.</summary>
internal static class TownshipWeb
{
    public static void AddTownship(this WebApplicationBuilder builder)
    {
        AddDefaults(builder.Configuration);
        var quiet = new QuietStart();
        builder.Services.AddSingleton(quiet);
        builder.Logging.AddFilter(QuietStart.Category, quiet.Passes);
        builder.WebHost.UseStaticWebAssets();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.AddServerHeader = false);

        var data = DataDirectory.Create(builder.Configuration);
        builder.Services.AddSingleton(data);
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddOptions<TownshipSettings>()
            .BindConfiguration(TownshipSettings.Section)
            .ValidateDataAnnotations()
            .ValidateOnStart();
        builder.Services.AddTownshipData(
            builder.Configuration.GetConnectionString("Township"),
            data,
            [.. TownshipModules.All.Select(module => module.Name)]);
        builder.Services.AddDataProtection()
            .SetApplicationName("Township")
            .PersistKeysToFileSystem(Directory.CreateDirectory(data.File("keys")));
        builder.Services.AddSingleton<PublicAddress>();
        builder.Services.AddProblemDetails();
        builder.Services.AddAntiforgery(options =>
        {
            options.Cookie.Name = "township_form";
            options.HeaderName = "X-Form-Token";
            options.Cookie.SameSite = SameSiteMode.Lax;
            options.SuppressXFrameOptionsHeader = true; // SecurityHeaders sends it
        });
        builder.Services.AddRazorPages(options => options.RootDirectory = "/Modules");
        builder.AddMillrace(millrace => millrace
            .UseSqlite(data.File("jobs.db"))
            .Configure(options =>
            {
                options.ReadPolicy = TownshipPolicies.Operator;
                options.OperatePolicy = TownshipPolicies.Operator;
            }));
        builder.Services.Configure<ChannelHubOptions>(hub => hub.AllowAnonymousConnections = true); // each channel's rule decides
        foreach (var module in TownshipModules.All)
        {
            module.AddServices(builder);
        }

        builder.Services.AddHostedService<Announcement>();
    }

    public static void UseTownship(this WebApplication app)
    {
        app.Lifetime.ApplicationStarted.Register(app.Services.GetRequiredService<QuietStart>().End);
        app.UseSecurityHeaders();
        app.UseTownshipErrors();
        app.UseStaticFiles(StaticFiles.Options);
        app.UseQueryCounting(); // before authentication, whose session look-up is part of the request
        app.UseRouting();
        app.UseAuthentication();
        app.UseAuthorization();
        app.UseOutputCache(); // guests' pages only: what is shown to somebody signed in is never kept

        app.MapMillrace();
        app.MapRazorPages();
        foreach (var module in TownshipModules.All)
        {
            module.MapEndpoints(app);
        }
    }

    private static void UseQueryCounting(this WebApplication app)
    {
        var counter = app.Services.GetRequiredService<QueryCounter>();
        app.Use(next => context => counter.CountRequestAsync(() => next(context)));
    }

    // Lowest in the order of configuration, so that everything a user sets wins.
    private static void AddDefaults(ConfigurationManager configuration) =>
        ((IConfigurationBuilder)configuration).Sources.Insert(0, new MemoryConfigurationSource
        {
            InitialData =
            [
                new("Logging:LogLevel:Default", "Information"),
                new("Logging:LogLevel:Microsoft", "Warning"),
                new("Logging:LogLevel:System", "Warning"),
                new("Logging:LogLevel:Township.Modules.Accounts.Sessions", "Warning"), // each refused sign-in is not news
                new("Logging:LogLevel:Microsoft.AspNetCore.Antiforgery", "Error"), // warns of every page with a form
                new("Logging:LogLevel:Microsoft.AspNetCore.DataProtection", "Error"), // the data directory is private to us
            ],
        });
}

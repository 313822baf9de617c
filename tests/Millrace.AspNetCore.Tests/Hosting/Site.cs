using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Millrace.Jobs;

namespace Millrace.AspNetCore.Tests.Hosting;

/// <summary>An application on a real Kestrel at a free loopback port, with a sign-in that believes what a header says.</summary>
internal sealed class Site : IAsyncDisposable
{
    public const string Readers = "readers";
    public const string Operators = "operators";

    private readonly LogLines _log;

    private Site(WebApplication app, LogLines log)
    {
        App = app;
        _log = log;
        Address = new Uri(app.Urls.First());
    }

    public WebApplication App { get; }

    public Uri Address { get; }

    public IReadOnlyCollection<string> Log => _log.Lines;

    public IServiceProvider Services => App.Services;

    /// <summary>Policies that open the site to those who send <c>X-Test-User: reader</c> or <c>operator</c>.</summary>
    public static Dictionary<string, string?> Opened => new() { ["Millrace:ReadPolicy"] = Readers, ["Millrace:OperatePolicy"] = Operators };

    public static WebApplicationBuilder Builder(string environment, IDictionary<string, string?>? settings, LogLines log)
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { EnvironmentName = environment, ApplicationName = typeof(Site).Assembly.GetName().Name });
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Configuration.AddInMemoryCollection(settings ?? new Dictionary<string, string?>());
        builder.Logging.ClearProviders().AddProvider(log).SetMinimumLevel(LogLevel.Information);
        builder.Services.AddAuthentication(HeaderSignIn.Scheme).AddScheme<AuthenticationSchemeOptions, HeaderSignIn>(HeaderSignIn.Scheme, null);
        builder.Services.AddAuthorizationBuilder()
            .AddPolicy(Readers, policy => policy.RequireClaim("may", "read"))
            .AddPolicy(Operators, policy => policy.RequireClaim("may", "operate"));
        return builder;
    }

    public static async Task<Site> StartAsync(
        string environment = "Production",
        IDictionary<string, string?>? settings = null,
        Action<MillraceBuilder>? millrace = null,
        Action<WebApplicationBuilder>? build = null,
        Action<WebApplication>? map = null)
    {
        var log = new LogLines();
        var builder = Builder(environment, settings, log);
        builder.AddMillrace(m =>
        {
            m.Services.Configure<JobsOptions>(jobs => (jobs.RunWorkers, jobs.RunSchedules) = (false, false));
            millrace?.Invoke(m);
        });
        build?.Invoke(builder);
        var app = builder.Build();
        app.Use((context, next) =>
        {
            if (context.Request.Headers.TryGetValue("X-Test-Remote", out var remote))
            {
                context.Connection.RemoteIpAddress = remote == "none" ? null : IPAddress.Parse(remote.ToString());
            }

            return next(context);
        });
        if (map is null)
        {
            app.UseOutputCache();
            app.MapMillrace();
        }
        else
        {
            map(app);
        }

        await app.StartAsync();
        return new Site(app, log);
    }

    /// <summary>A client that signs in as <c>stranger</c>, <c>reader</c> or <c>operator</c>; null for nobody. It keeps no cookies and follows no redirects.</summary>
    public HttpClient Client(string? user = null, bool operates = true)
    {
        var client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false }) { BaseAddress = Address, Timeout = TimeSpan.FromSeconds(30) };
        if (user is not null)
        {
            client.DefaultRequestHeaders.Add(HeaderSignIn.Header, user);
        }

        if (operates)
        {
            client.DefaultRequestHeaders.Add("X-Millrace-Request", "1");
        }

        return client;
    }

    public T Get<T>()
        where T : notnull => Services.GetRequiredService<T>();

    public async ValueTask DisposeAsync()
    {
        await App.StopAsync();
        await App.DisposeAsync();
    }

    internal sealed class LogLines : ILoggerProvider
    {
        private readonly ConcurrentQueue<string> _lines = new();

        public IReadOnlyCollection<string> Lines => _lines;

        public ILogger CreateLogger(string categoryName) => new Writer(categoryName, _lines);

        public void Dispose()
        {
        }

        private sealed class Writer(string category, ConcurrentQueue<string> lines) : ILogger
        {
            public IDisposable? BeginScope<TState>(TState state)
                where TState : notnull => null;

            public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

            public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
                lines.Enqueue($"{logLevel} {category}[{eventId.Id}] {formatter(state, exception)} {exception?.Message}");
        }
    }
}

"""The shape of config.yaml: every key, its default and its bounds.  Values are frozen."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import unquote, urlsplit

from pydantic import (
    BeforeValidator,
    Field,
    PrivateAttr,
    SecretStr,
    ValidationInfo,
    field_validator,
    model_validator,
)

from mudbot.config.check import secrets_of
from mudbot.config.draft import default_name
from mudbot.config.positions import Positions, printable
from mudbot.config.rules import (
    BaseUrl,
    Command,
    Host,
    HttpHost,
    Name,
    OneLine,
    OptionalSecret,
    PluginName,
    Prefix,
    PublicUrl,
    RedisUrl,
    Secret,
    refuse,
)
from mudbot.config.section import Section
from mudbot.config.triggers import TriggerConfig
from mudbot.config.units import Duration, Size
from mudbot.errors import ConfigError, Problem

Encoding = Literal["utf-8", "gbk", "gb18030", "big5", "latin-1", "cp1251", "koi8-r", "auto"]
TAVERN = "tavern"
"""The host name that stands for the embedded world."""


class ModelChoice(Section):
    """Which model does something; in the file its name alone, or the name and how to ask it."""

    name: OneLine
    endpoint: Literal["chat", "completions", "auto"] = "auto"
    """``completions`` for base models and for transcripts; ``auto`` decides by the persona and the model's name."""

    @model_validator(mode="before")
    @classmethod
    def _name_alone(cls, value: Any) -> Any:
        if isinstance(value, str):
            return {"name": value}
        if not isinstance(value, dict | ModelChoice):
            raise refuse("must be a model's name, or {name: ..., endpoint: chat}")
        return value


class ModelsConfig(Section):
    """The models to ask for; None leaves the choice to the server."""

    dialogue: ModelChoice | None = None
    image: ModelChoice | None = None
    moderation: ModelChoice | None = None
    embedding: ModelChoice | None = None


class LimitsConfig(Section):
    """What the API may be asked at most; None is without limit."""

    requests_per_minute: float | None = Field(default=None, gt=0)
    tokens_per_minute: float | None = Field(default=None, gt=0)
    images_per_minute: float | None = Field(default=None, gt=0)
    concurrency: int = Field(default=4, ge=1, le=1000)
    """Calls in flight at once."""
    queue: int = Field(default=100, ge=1, le=100_000)
    """Calls that may wait; one more is refused."""
    deadline: Duration = Field(default=60.0, gt=0, le=86_400)
    """Seconds for a whole call, waiting and retries included."""
    shared: RedisUrl = None
    """``redis://host:6379``: bots of one organisation keep to the rates above together.  May hold a password."""
    alone: float = Field(default=0.5, gt=0, le=1)
    """The part of the rates that this bot keeps to while that Redis cannot be reached."""


class BudgetsConfig(Section):
    """What may be spent, in USD; None is without bound.  A day begins at 00:00 UTC, a month on its first day."""

    player: float | None = Field(default=None, ge=0)
    """What one player may cost a day."""
    channel: float | None = Field(default=None, ge=0)
    """What one channel may cost a day."""
    day: float | None = Field(default=None, ge=0)
    """What everything may cost a day."""
    month: float | None = Field(default=None, ge=0)
    """What everything may cost a calendar month."""


class PriceConfig(Section):
    """What a model costs, in USD."""

    input: float | None = Field(default=None, ge=0)
    """A million tokens of prompt."""
    output: float | None = Field(default=None, ge=0)
    """A million tokens of reply."""
    cached_input: float | None = Field(default=None, ge=0)
    """A million tokens of prompt that the provider had in its cache; None is ``input``."""
    image: float | None = Field(default=None, ge=0)
    """A picture."""
    request: float | None = Field(default=None, ge=0)
    """A call, whatever it asks."""


class ServerConfig(Section):
    """An OpenAI-compatible server, and an account there."""

    base_url: BaseUrl
    """``embedded`` for the server that comes with mudbot, or an http(s) URL such as ``https://api.openai.com/v1``."""
    api_key: OptionalSecret = None
    api_key_file: OneLine | None = None
    """The file that holds the key; it has been read, and ``api_key`` is what is in it."""
    organization: OneLine | None = None
    project: OneLine | None = None
    models: dict[OneLine, OneLine] = Field(default_factory=dict)
    """What a model is called at this server, where it has another name there than in ``api.models``."""

    @property
    def embedded(self) -> bool:
        """Whether it is the one that comes with mudbot."""
        return self.base_url == "embedded"


class ApiConfig(Section):
    """The OpenAI-compatible server, or several of which one takes over from another that fails."""

    base_url: BaseUrl = "embedded"
    """``embedded`` for the server that comes with mudbot, or an http(s) URL such as ``https://api.openai.com/v1``."""
    api_key: OptionalSecret = None
    api_key_file: OneLine | None = None
    """The file that holds the key; it has been read, and ``api_key`` is what is in it."""
    organization: OneLine | None = None
    project: OneLine | None = None
    servers: tuple[ServerConfig, ...] = ()
    """Instead of the keys above: several servers or keys, the first that works is used."""
    models: ModelsConfig = Field(default_factory=ModelsConfig)
    limits: LimitsConfig = Field(default_factory=LimitsConfig)
    budgets: BudgetsConfig = Field(default_factory=BudgetsConfig)
    prices: dict[OneLine, PriceConfig] = Field(default_factory=dict)
    """By model, or a pattern such as ``gpt-4*``; before what mudbot knows of prices."""
    picture_hosts: tuple[HttpHost, ...] = ()
    """Hosts that pictures may be fetched from, besides the servers' own, where a server answers with a link."""

    @model_validator(mode="after")
    def _one_or_several(self) -> Self:
        both = {"base_url", "api_key", "api_key_file", "organization", "project"} & self.model_fields_set
        if "api_key_file" in both:
            both.discard("api_key")  # which it filled
        if self.servers and both:
            names = " and ".join(sorted(both))
            raise refuse(f"has servers, and {names} beside them: move {names} into an entry of servers")
        return self

    @property
    def accounts(self) -> tuple[ServerConfig, ...]:
        """The servers, the first choice first."""
        return self.servers or (
            ServerConfig(
                base_url=self.base_url, api_key=self.api_key, organization=self.organization, project=self.project
            ),
        )

    @property
    def embedded(self) -> bool:
        """Whether the first choice is the server that comes with mudbot."""
        return self.accounts[0].embedded

    @property
    def picture_sources(self) -> tuple[str, ...]:
        """Every host that pictures may be fetched from, with its port: the servers' own, then ``picture_hosts``."""
        own = (urlsplit(each.base_url).netloc for each in self.accounts if not each.embedded)
        return tuple(dict.fromkeys((*own, *self.picture_hosts)))


class Login(Section):
    """The character's name and password on the MUD."""

    name: OneLine
    password: Secret | None = None
    password_file: OneLine | None = None
    """The file that holds it; it has been read, and ``password`` is what is in it."""


class SpeechConfig(Section):
    """How the character's words are put on the wire."""

    parts: int = Field(default=4, ge=1, le=9)
    """Lines that one answer may become; what is beyond ends in an ellipsis."""
    split: Literal["plain", "numbered", "continued"] = "plain"
    """``numbered`` begins each line with ``(1/3)``, ``continued`` joins them with ellipses."""
    typing: float = Field(default=30.0, ge=0, le=1000)
    """Columns a second that the character seems to type in a conversation; 0 is at once."""
    non_ascii: Literal["transliterate", "refuse"] = "transliterate"
    """On MUDs that drop all but ASCII: write other letters in ASCII, or say nothing that has them."""


class MemoryConfig(Section):
    """What the character remembers of whom it talks with, and for how long."""

    turns: int = Field(default=8, ge=0, le=100)
    """Recent utterances, of the speaker and its own, that it has in mind."""
    facts: int = Field(default=10, ge=0, le=50)
    """Things told before that come to its mind with a line."""
    retention: Duration = Field(default=90 * 86_400.0, ge=60, le=100 * 365 * 86_400)
    """After that long everything is deleted."""
    fades: Duration = Field(default=30 * 86_400.0, ge=60, le=100 * 365 * 86_400)
    """After that long a fact counts half as much, after twice that a quarter."""
    most: int = Field(default=500, ge=1, le=2000)
    """Facts that are kept of a speaker; those that matter least make room."""
    summarize: bool = True
    """Whether the model notes facts and a summary of long talks, at low priority, at the speaker's expense."""
    every: int = Field(default=12, ge=2, le=200)
    """Utterances of a speaker after which it does so."""
    quiet: Duration = Field(default=300.0, ge=1, le=86_400)
    """Or so long after the last one."""


def _tls(value: Any) -> Any:
    if value is True or value is False or value == "insecure" or value in ("true", "false"):
        return value
    raise refuse("must be true, false or insecure: write one of these words, without quotes")


def _session_name(data: dict[str, Any]) -> str:
    return default_name(data["host"])


class SessionConfig(Section):
    """One character on one MUD."""

    host: Host
    """``tavern`` for the embedded world, else a host name or address."""
    name: Name = Field(default_factory=_session_name, validate_default=True)
    """What logs, ``--set`` and the web call this session; the host unless given, and unique."""
    port: int = Field(default_factory=lambda data: 0 if data["host"] == TAVERN else 4000, ge=0, le=65535)
    """0, any free port, makes sense only where the port is ours: in the embedded world."""
    tls: Annotated[bool | Literal["insecure"], BeforeValidator(_tls)] = False
    """``insecure`` is TLS with any certificate: anybody who stands between can read the password."""
    proxy: OptionalSecret = None
    """``socks5://user:password@host:port`` or ``http://…``; it finds the MUD's address itself."""
    compress: bool = False
    """Whether MCCP2 is accepted where the MUD offers it."""
    encoding: Encoding = "utf-8"
    """``auto`` begins with UTF-8 and changes with what the MUD turns out to send."""
    dialect: OneLine = Field(default_factory=lambda data: TAVERN if data["host"] == TAVERN else "generic")
    """One that comes with mudbot, ``auto`` to find out, or the path of a dialect file of your own (``.yaml``)."""
    speech: SpeechConfig = Field(default_factory=SpeechConfig)
    memory: MemoryConfig = Field(default_factory=MemoryConfig)
    login: Login | None = None
    character: OneLine = "innkeeper"
    """A persona: the name of one that comes with mudbot, or a path from the configuration's folder."""
    language: Literal["en", "zh"] = "en"
    """Of the texts that mudbot itself says in the game."""
    picture_style: OneLine | None = None
    """How pictures are drawn: a name such as ``pixel art`` or ``油画``, or your own words; else as the persona says."""
    organization: OneLine | None = None
    """Who pays for what is asked in this session, where it is not the server's own organisation."""
    goodbye: Command | None = None
    """Said before leaving when the daemon is told to end."""
    command_prefix: Prefix = "!"
    owners: tuple[OneLine, ...] = ()
    """Login ids of those who may give owners' commands, in tells that show them; never names, which anybody takes."""
    trusted: tuple[OneLine, ...] = ()
    """Login ids of those who may give the commands of trusted people, known in the same way; owners may anyway."""
    record: bool = False
    """Whether all bytes of its links are kept in the store's folder ``records``, for ``mudbot replay``."""

    @field_validator("port")
    @classmethod
    def _a_real_port(cls, port: int, info: ValidationInfo) -> int:
        if port == 0 and info.data.get("host", TAVERN) != TAVERN:
            raise refuse("must be at least 1: ask the MUD's own pages for its port")
        return port

    @property
    def embedded(self) -> bool:
        """Whether the MUD is the embedded world."""
        return self.host == TAVERN


class Permissions(Section):
    """What the owner lets a plugin do beyond hearing and talking."""

    commands: bool = False
    """Send raw commands to the MUD."""
    http: tuple[HttpHost, ...] = ()
    """Hosts it may fetch from: ``api.example.org``, ``*.example.org``, ``localhost:8080``, an address."""
    images: bool = False
    """Ask the API for images, which cost most."""
    budget: float | None = Field(default=None, ge=0)
    """What it may cost a day in all sessions, in USD; None is without bound but those of ``api.budgets``."""
    sessions: tuple[Name, ...] = ()
    """Where it runs; empty is everywhere."""


class PluginConfig(Section):
    """One plugin: what it may do, and its own settings as they were written, which only the plugin can check."""

    permissions: Permissions = Field(default_factory=Permissions)
    organization: OneLine | None = None
    """Who pays for what the plugin asks, where it is not the session's organisation."""
    settings: dict[str, Any] = Field(default_factory=dict, repr=False)
    _positions: Positions = PrivateAttr(default_factory=Positions)

    @property
    def positions(self) -> Positions:
        """Where each key of ``settings`` was written; for ``validate(model, plugin.settings, plugin.positions)``."""
        return self._positions


class WebConfig(Section):
    """The web pages: pictures behind short links, the gallery, whether the bot is well, and the owner's pages."""

    host: Host = "127.0.0.1"
    port: int = Field(default=8080, ge=0, le=65535)
    """0 takes any free port."""
    public_url: PublicUrl | None = None
    """The address that players get, when a proxy or another machine's name stands before ``host`` and ``port``."""
    names: tuple[Host, ...] = ()
    """Other names under which the pages are asked for, besides ``host`` and the one of ``public_url``."""
    token: OptionalSecret = None
    """For the owner's pages, which are off without it: whoever has it sees all and may change things."""
    token_file: OneLine | None = None
    """The file that holds it; it has been read, and ``token`` is what is in it."""

    @field_validator("token")
    @classmethod
    def _long_enough(cls, token: SecretStr | None) -> SecretStr | None:
        # The login lets 14,000 guesses a day pass at most, of all together: what is short or a word is found in time.
        if token is not None and len(token.get_secret_value()) < 8:
            raise refuse("must have 8 characters at least, better the 32 of `openssl rand -hex 16`")
        return token


class PicturesConfig(Section):
    """How long pictures are kept.  The oldest go first; pinned ones stay."""

    retention: Duration = Field(default=365 * 86_400.0, ge=86_400, le=100 * 365 * 86_400)
    """After that long a picture is deleted, and its link says so."""
    size: Size = Field(default=2_000_000_000, ge=20_000_000, le=10**15)
    """Bytes that all their files may take; room for one more is made by the oldest."""


class LogConfig(Section):
    """What is logged, and how."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["auto", "console", "json"] = "auto"
    """``auto`` is ``console``, and fields of their own where systemd's journal reads standard error."""
    file: OneLine | None = None
    """A file that has the same, besides standard error; relative to the configuration's folder."""
    file_size: Size = Field(default=10_000_000, ge=100_000, le=10**12)
    """Bytes of it; then a new one is begun."""
    file_keep: int = Field(default=5, ge=0, le=1000)
    """Full ones that are kept beside it; the oldest goes."""


class LocalConfig(Section):
    """The embedded server."""

    model: Literal["auto", "1.5b", "0.5b", "smollm2"] = "auto"
    """``auto`` takes the largest that fits into memory."""


def _store() -> str:
    from platformdirs import user_data_dir

    return user_data_dir("mudbot", appauthor=False)


class Config(Section):
    """All of config.yaml, with what the environment and the command line changed."""

    api: ApiConfig = Field(default_factory=ApiConfig)
    sessions: tuple[SessionConfig, ...] = Field(min_length=1)
    plugins: dict[PluginName, PluginConfig] = Field(default_factory=dict)
    triggers: tuple[TriggerConfig, ...] = Field(default=(), repr=False)
    """With those of every included file, in their order."""
    store: OneLine = Field(default_factory=_store)
    """The folder that keeps memory, pictures and counts; relative to ``folder``."""
    web: WebConfig = Field(default_factory=WebConfig)
    pictures: PicturesConfig = Field(default_factory=PicturesConfig)
    log: LogConfig = Field(default_factory=LogConfig)
    local: LocalConfig = Field(default_factory=LocalConfig)
    _source: Path | None = PrivateAttr(default=None)
    _positions: Positions = PrivateAttr(default_factory=Positions)

    @property
    def positions(self) -> Positions:
        """Where each key was written."""
        return self._positions

    @property
    def source(self) -> Path | None:
        """The file that was read, or None."""
        return self._source

    @property
    def folder(self) -> Path:
        """What relative paths in the configuration start from: the file's folder, else the current one."""
        return self._source.parent if self._source else Path()

    def with_plugins_of(self, other: Config) -> Config:
        """This configuration with the plugins and triggers of *other*: what can change while the bot runs."""
        made = self.model_copy(update={"plugins": other.plugins, "triggers": other.triggers})
        made._positions, made._source = other._positions, other._source  # noqa: SLF001  # of the same class
        return made

    def path(self, text: str) -> Path:
        """A path of the configuration, ``~`` and relative ones resolved.  Raises ConfigError for ``~nobody``."""
        try:
            return self.folder / Path(text).expanduser()
        except RuntimeError:
            name = printable(text)
            raise ConfigError(Problem(name, "there is no such user, or no home folder: write the path out")) from None

    def secrets(self) -> tuple[str, ...]:
        """Every secret, for masking in logs: keys, passwords, tokens, what plugins got from the environment."""
        proxies = [session.proxy.get_secret_value() for session in self.sessions if session.proxy]
        if self.api.limits.shared is not None:
            proxies.append(self.api.limits.shared.get_secret_value())
        # Of such an address only the password: where the bot goes by must be readable in the log.
        found = [*(secret for secret in secrets_of(self) if secret not in proxies), *self._plugin_secrets()]
        for url in (self.store, *proxies):
            if password := _url_password(url):
                found += [password, unquote(password)]
        return tuple(dict.fromkeys(found))

    def _plugin_secrets(self) -> Iterator[str]:
        """Which settings of a plugin are secret only the plugin knows, so all from the environment count.

        Short ones do not: to mask ``yes`` or ``8080`` everywhere would make logs unreadable and guard nothing.
        """
        for plugin in self.plugins.values():
            yield from (text for text in plugin.positions.foreign_values(plugin.settings) if len(text) >= 8)

    def __repr_args__(self) -> Iterator[tuple[str | None, Any]]:
        for name, value in super().__repr_args__():
            yield name, "…" if name == "store" and _url_password(str(value)) else value


def _url_password(text: str) -> str | None:
    """The password in a store such as ``postgresql://bot:password@host/db``."""
    try:
        return urlsplit(text).password if "://" in text else None
    except ValueError:  # brackets of an IPv6 address that do not match: the store will say so
        return None

import type { DomainConfig } from "../config/config.ts";
import { componentSecret } from "../config/places.ts";
import { type WatchedDomain, type Watchers, watchSlots } from "../ops/events.ts";
import { watchComponent } from "../ops/watch-component.ts";
import { prepareDomain } from "../slot/jid.ts";
import { isOffered, purposesOn } from "../slot/policy.ts";
import { requestSlot, type SlotDeps, type SlotMaker, type SlotRecord } from "../slots.ts";
import type { Bucket } from "../store/bucket.ts";
import { version } from "../version.ts";
import { pingRoute, versionRoute } from "../xmpp/basics.ts";
import { Component, type ComponentOptions } from "../xmpp/component.ts";
import { contactForms, discoRoutes, type Info } from "../xmpp/disco.ts";
import type { OpenQuestion, Question } from "../xmpp/questions.ts";
import { type IqRequest, Router } from "../xmpp/router.ts";
import { notOffered, requesterOf, type SlotService, uploadInfo, uploadRoutes } from "../xmpp/upload.ts";

/** Everything that a served domain goes by. */
export interface DomainSettings {
  readonly config: DomainConfig;
  readonly bucket: Bucket;
  /** Where its slots are written down; undefined: nowhere. */
  readonly record: SlotRecord | undefined;
  /** PEM, for `xmpp.tls`; undefined for the system's authorities. */
  readonly ca: string | undefined;
}

export interface DomainDeps extends SlotDeps {
  readonly watchers: Watchers;
  /** 0 to below 1. */
  readonly random: () => number;
}

/** What cannot change while a component is connected; anything else is taken over by `ServedDomain.use`. */
export function componentKey({ domain, host, xmpp }: DomainConfig): string {
  return JSON.stringify([domain, host, xmpp.address, xmpp.tls]);
}

/** How slots are made for a domain. */
export function slotMaker({ config, bucket, record }: Omit<DomainSettings, "ca">): SlotMaker {
  const { access, deny, allowedTypes, deniedTypes, purpose, expirationTime, tokenBytes } = config;
  const types = { allowed: allowedTypes, denied: deniedTypes };
  const policy = { access, deny, types, purposes: purpose };
  const datesTokens = config.backend === "s3";
  return { policy, bucket, expirationTime, tokenBytes, datesTokens, record };
}

/** One served domain: its component, and the policy and bucket in force. */
export class ServedDomain {
  readonly #component: Component;
  #settings: DomainSettings;
  #maker: SlotMaker;

  constructor(settings: DomainSettings, deps: DomainDeps) {
    this.#settings = settings;
    this.#maker = slotMaker(settings);
    const { watchers, random } = deps;
    const events = watchComponent(watchers, this.served);
    this.#component = new Component(
      { ...loginOf(settings), router: this.#router(deps) },
      { events, monotonic: watchers.monotonic, random },
    );
  }

  /** The domain, and the JID of its component. */
  get served(): WatchedDomain {
    const { domain, host } = this.#settings.config;
    return { domain, host };
  }

  /** What it goes by at present. */
  get config(): DomainConfig {
    return this.#settings.config;
  }

  get isOnline(): boolean {
    return this.#component.isOnline;
  }

  /** Asks another entity, or the component itself through the server; see Component. */
  ask(question: Question, timeout: number): OpenQuestion {
    return this.#component.ask(question, timeout);
  }

  start(): void {
    this.#component.start();
  }

  stop(): Promise<void> {
    return this.#component.stop();
  }

  /** Goes by other settings from the next request on; they must have the same key. The stream stays up. */
  use(settings: DomainSettings): void {
    const before = JSON.stringify(loginOf(this.#settings));
    this.#settings = settings;
    this.#maker = slotMaker(settings);
    const login = loginOf(settings);
    if (JSON.stringify(login) !== before) this.#component.logInWith(login);
  }

  #router(deps: DomainDeps): Router {
    const { domain, host } = this.served;
    const service: SlotService = (request, requester) => requestSlot(request, requester, this.#maker, deps);
    const watch = watchSlots(deps.watchers, this.served);
    const routes = [...uploadRoutes(service, watch), pingRoute, versionRoute("slotd", version)];
    const own = [prepareDomain(domain), prepareDomain(host)] as const;
    const info = (request: IqRequest) => this.#info(isOffered(requesterOf(request), this.#maker.policy, own));
    return new Router(host, [...routes, ...discoRoutes(routes, info)]);
  }

  /** Clients take the first service of those listed that announces uploads, so only who may upload is told of them. */
  #info(isUploadOffered: boolean): Info {
    const { policy } = this.#maker;
    const info = isUploadOffered
      ? uploadInfo(policy.purposes.message.maxFileSize, purposesOn(policy))
      : notOffered;
    return { ...info, forms: [...info.forms, ...contactForms(this.#settings.config.contact)] };
  }
}

function loginOf({ config, ca }: DomainSettings): Omit<ComponentOptions, "router"> {
  const { domain, host, xmpp } = config;
  const secret = componentSecret(config);
  if (secret === undefined) throw new Error(`slotd is no component for ${domain}`);
  const { host: server, port } = xmpp.address;
  return {
    settings: { host, domain, address: `${server}:${port}`, secret },
    connectTo: { host: server, port, tls: xmpp.tls ? { ca } : undefined },
  };
}
